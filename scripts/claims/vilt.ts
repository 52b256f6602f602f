/** ViLT's experiments: what a picture tells of a masked colour. */
import type { Tensor } from "#nodes/core/values";
import type { Experiments } from "./experiment";
import { adding, copying, replacing, rewiring, setting, together } from "./graph";
import { twoEncoders } from "./two-encoders";

/** Unseen captions with masked words, asked of the trained model with a picture. */
const maskedTest = together(
  copying(["word_order", "draws_masked", "draws_replaced", "random_words", "mask_words", "pieces"], "_test"),
  ...["word_order", "draws_masked", "draws_replaced", "random_words"].map((id) =>
    rewiring(`${id}_test.text`, "test_data.caption"),
  ),
  rewiring("pieces_test.ids", "test_tokenize.ids"),
  rewiring("mask_words_test.ids", "test_tokenize.ids"),
  rewiring("test_vilt.ids", "mask_words_test.ids"),
  adding("test_split", "model.split-tokens", { tokens: "test_vilt.tokens", like: "test_tokenize.ids" }),
  adding(
    "test_words",
    "model.word-head",
    { hidden: "test_split.text", weights: "trainer.weights" },
    { scope: "mlm_score", vocabulary: { $: "vocabulary" } },
  ),
  // What nothing reads is not worked out, and the measure asks for the labels.
  adding("test_mlm", "loss.masked-lm", { logits: "test_words.logits", labels: "mask_words_test.labels" }),
);

/** Each caption with the picture of another one. */
const otherPictures = together(
  adding("test_others", "data.draws", { text: "test_data.caption" }, { kind: "uniform", length: 0 }),
  adding("other_pictures", "model.shuffle-rows", { rows: "test_resize.pixels", draws: "test_others.draws" }),
  rewiring("test_vilt.pixels", "other_pictures.rows"),
);

const colours = new Set("red green blue yellow purple orange crimson emerald navy golden violet amber".split(" "));

/** The share of masked colour words that are guessed right. */
function rightColours(scores: unknown, labels: unknown, tokenizer: unknown): number {
  const { data, shape } = scores as Tensor;
  const numbers = data as Float32Array;
  const vocabulary = shape.at(-1) ?? 0;
  const isColour = colourIds(tokenizer);
  const asked = [...(labels as Tensor).data].flatMap((label, place) => (isColour.has(Number(label)) ? place : []));
  const right = asked.filter((place) => {
    const own = numbers.subarray(place * vocabulary, (place + 1) * vocabulary);
    return own.indexOf(Math.max(...own)) === Number((labels as Tensor).data[place]);
  });
  return right.length / asked.length;
}

function colourIds(tokenizer: unknown): Set<number> {
  const { json } = tokenizer as { json: { model: { vocab: Record<string, number> } } };
  const found = Object.entries(json.model.vocab).filter(([word]) => colours.has(word));
  return new Set(found.map(([, id]) => id));
}

/**
 * Half of the captions have colours exchanged, and the matching head is trained to tell which; masked words are of the
 * true ones.
 */
const toldByColours = together(
  setting({ "data.exchanged": 0.5, "test_data.exchanged": 0.5, "answers.text": "exchanged\nnone" }),
  adding("kinds", "text.label-ids", { text: "data.noise", classes: "answers.text" }),
  adding(
    "true_words",
    "text.tokenize",
    { text: "data.truth", tokenizer: "tokenizer.tokenizer" },
    { packing: "own", length: { $: "text_length" } },
  ),
  replacing("tokenize.ids", "true_words.ids", ["vilt_matching"]),
  replacing("tokenize.mask", "true_words.mask", ["vilt_matching"]),
  rewiring("vilt_matching.pixels", "resize.pixels"),
  rewiring("vilt_matching.chosen", "chosen.chosen"),
  rewiring("itm.labels", "kinds.ids"),
  rewiring("trainer.loss", "itm.loss", "mlm.loss"),
);

const common = {
  template: "vilt",
  set: {
    "$.width": 64,
    "$.layers": 2,
    "$.vocabulary": 160,
    "$.batch": 64,
    "$.steps": 1200,
    "$.lr": 0.002,
    "test_data.shuffled": 0,
  },
  seeds: ["trainer.seed", "weights.seed"],
} as const;

export const vilt: Experiments = {
  "vilt-1": {
    ...common,
    title: "One stream against two encoders",
    expects: "Whether colours were exchanged is told where words and patches meet, and not by two embeddings.",
    wiring: toldByColours,
    set: {
      ...common.set,
      "$.text_length": 20,
      "data.objects": 2,
      "test_data.objects": 2,
      "data.rows": 16384,
      "test_data.rows": 2048,
    },
    arms: { "two encoders": { wiring: twoEncoders }, "one stream": {} },
    measures: { "right, colours exchanged or not": "accuracy.top1" },
  },
  "vilt-2": {
    ...common,
    title: "Masked colours with the picture and with another one",
    expects:
      "With its picture a masked colour is told, with another one it is guessed (one in six, or in twelve words).",
    wiring: together(rewiring("trainer.loss", "mlm.loss"), maskedTest),
    set: {
      ...common.set,
      "$.text_length": 12,
      "data.objects": 1,
      "test_data.objects": 1,
      "test_data.rows": 1024,
    },
    arms: {
      "another picture": { wiring: otherPictures },
      "its own picture": {},
    },
    measures: {
      "right colours": {
        of: ["test_words.logits", "mask_words_test.labels", "tokenizer.tokenizer"],
        by: rightColours,
      },
    },
  },
  "vilt-matching": {
    ...common,
    title: "When matching is learned",
    expects: "Pairs of one object and a caption are told from others once the training is long enough.",
    set: { ...common.set, "$.text_length": 12, "data.objects": 1, "test_data.objects": 1, "test_data.shuffled": 0.5 },
    arms: {
      "600 steps": { set: { "$.steps": 600 } },
      "1,200 steps": { set: { "$.steps": 1200 } },
    },
    measures: { "matches told": "accuracy.top1" },
  },
};
