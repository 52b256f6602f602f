/** ALBEF's experiments: distillation under noise, and hard negatives. */
import type { Arm, Experiments } from "./experiment";
import { adding, rewiring, together } from "./graph";
import { areaOfMatches } from "./measures";

/** Shared by both experiments. */
const common = { template: "albef-pretrain", seeds: ["trainer.seed", "fresh.seed"] } as const;

const towers = {
  "$.vision_width": 48,
  "$.vision_layers": 2,
  "$.text_width": 48,
  "$.text_layers": 3,
  "$.fusion_layer": 2,
};

const recall = {
  "R@1, picture to text": "recall.imageToText1",
  "R@1, text to picture": "recall.textToImage1",
  "R@5, picture to text": "recall.imageToText5",
};

const distilled = (shuffled: number, alpha: number): Arm => ({
  set: { "$.shuffled": shuffled, "$.alpha": alpha },
  x: `${100 * shuffled} %`,
  line: alpha ? "distilled" : "one-hot",
});

/** Half of the captions say another colour: which, the matching head is asked. */
const askedOfColours = together(
  adding("exchanged", "data.shape-caps", {}, { split: "test", side: 32, objects: 1, exchanged: 0.5 }),
  adding("exchanged_pixels", "image.normalize", { image: "exchanged.image" }, { preset: "clip" }),
  adding(
    "exchanged_words",
    "text.tokenize",
    { text: "exchanged.caption", tokenizer: "tokenizer.tokenizer" },
    { packing: "own", length: { $: "text_length" } },
  ),
  adding("exchanged_towers", "composite:towers", {
    pixels: "exchanged_pixels.pixels",
    ids: "exchanged_words.ids",
    mask: "exchanged_words.mask",
    weights: "trainer.weights",
  }),
  adding("exchanged_matching", "composite:matching", {
    text_states: "exchanged_towers.text_states",
    mask: "exchanged_words.mask",
    image_tokens: "exchanged_towers.image_tokens",
    weights: "trainer.weights",
  }),
  adding("answers", "text.input", {}, { text: "exchanged\nnone" }),
  adding("accuracy", "eval.accuracy", {
    logits: "exchanged_matching.logits",
    labels: "answers.text",
    truth: "exchanged.noise",
  }),
);

export const albef: Experiments = {
  "albef-1": {
    ...common,
    title: "Momentum distillation under noise",
    wiring: rewiring("trainer.loss", "itc.loss"),
    set: {
      ...towers,
      "$.text_length": 20,
      "$.embed": 32,
      "$.queue": 1,
      "$.momentum": 0.9,
      "$.ramp": 50,
      "$.batch": 48,
      "$.steps": 250,
      "$.lr": 0.002,
      "pairs/data.objects": 2,
      "pairs.rows": 1024,
      "names.objects": 2,
      "test.rows": 256,
    },
    expects: "What distillation gains over one-hot targets grows with the share of swapped captions.",
    arms: {
      "one-hot, 0 % swapped": distilled(0, 0),
      "distilled, 0 % swapped": distilled(0, 0.4),
      "one-hot, 40 % swapped": distilled(0.4, 0),
      "distilled, 40 % swapped": distilled(0.4, 0.4),
    },
    measures: recall,
    chart: { measure: "R@1, picture to text", x: "swapped captions" },
  },
  "albef-2": {
    ...common,
    title: "Hard negatives against even ones",
    expects: "Negatives that resemble teach the matching head more of what tells one picture from another.",
    wiring: askedOfColours,
    // Towers that begin from nothing learn without the queue first: ALBEF's begin from DeiT and BERT.
    set: {
      ...towers,
      "$.vocabulary": 160,
      "$.text_length": 12,
      "$.embed": 32,
      "$.queue": 192,
      "$.queue_waits": 150,
      "$.momentum": 0.98,
      "$.ramp": 50,
      "$.batch": 48,
      "$.steps": 300,
      "$.lr": 0.002,
      "pairs/data.objects": 1,
      "pairs.rows": 4096,
      "names.objects": 1,
      "test.rows": 256,
      "test.objects": 1,
      "exchanged.rows": 1024,
    },
    arms: {
      "nearly even negatives": { set: { "other_image.floor": 1, "other_text.floor": 1 } },
      "hard negatives": {},
    },
    measures: {
      "area under the curve": {
        of: ["exchanged_matching.logits", "exchanged.noise"],
        by: areaOfMatches,
      },
      "right, another colour or not": "accuracy.top1",
      ...recall,
    },
  },
};
