/** VLMo's experiments: experts for each modality, and a stage of texts alone before few pairs. */
import type { Experiments } from "./experiment";
import { adding, copying, replacing, rewiring, setting, together } from "./graph";
import { areaOfMatches } from "./measures";

const layers = 2;
const firstWithBoth = 1;

const common = {
  template: "vlmo",
  set: {
    "$.width": 48,
    "$.layers": layers,
    "$.vl_from": firstWithBoth,
    "$.vocabulary": 160,
    "$.text_length": 12,
    "$.first_length": 12,
    "$.batch": 24,
    "$.steps_pictures": 100,
    "$.steps_texts": 150,
    "$.steps_pairs": 300,
    "$.layer_scale": 1,
    "$.lr": 0.002,
    "data.objects": 1,
    "test_data.objects": 1,
    "test_data_asked.objects": 1,
    "test_data.rows": 256,
  },
  measures: {
    "R@1, picture to text": "recall.imageToText1",
    "R@1, text to picture": "recall.textToImage1",
    "R@5, picture to text": "recall.imageToText5",
    "matches told": "accuracy.top1",
    // Where “no match” is said of every pair, this tells whether some are at least likelier than others.
    "area under the curve": {
      of: ["match_head_asked.features", "test_data_asked.noise"],
      by: areaOfMatches,
    },
  },
} as const;

/** Unseen pairs, half with another one's caption: the matching head is asked which. */
const askedOfMatches = together(
  copying(["test_data", "test_normalize", "test_tokenize", "test_words", "test_patches"], "_asked"),
  copying(["bias_both", "matching", "pooler", "match_head"], "_asked"),
  setting({ "test_data_asked.shuffled": 0.5, "test_data_asked.rows": 1024 }),
  rewiring("test_normalize_asked.image", "test_data_asked.image"),
  rewiring("matching_asked.text", "test_words_asked.tokens"),
  rewiring("matching_asked.mask", "test_tokenize_asked.mask"),
  rewiring("matching_asked.image", "test_patches_asked.tokens"),
  ...["bias_both", "matching", "pooler", "match_head"].map((id) => rewiring(`${id}_asked.weights`, "trainer.weights")),
  adding("answers", "text.input", {}, { text: "swapped\nnone" }),
  adding("accuracy", "eval.accuracy", {
    logits: "match_head_asked.features",
    labels: "answers.text",
    truth: "test_data_asked.noise",
  }),
);

/** The third stage alone, from nothing. */
const fromNothing = together(adding("begin", "weights.make", {}), replacing("weights.weights", "begin.weights"));

/** The experts for words, and for both, are the pictures': one MLP and one norm for all tokens. */
const oneExpert = together(
  ...Array.from({ length: layers }, (_, block) => tiedBlock(block, block < firstWithBoth ? ["text"] : ["text", "vl"])),
);

function tiedBlock(block: number, experts: readonly string[]): ReturnType<typeof together> {
  const parts = experts.flatMap((expert) => ["mlp", "norm2"].map((part) => ({ expert, part })));
  return together(
    ...parts.map(({ expert, part }) => {
      const id = `one_${block}_${part}_${expert}`;
      const prefix = `transformer.blocks.${block}.${part}`;
      const params = { name: `${prefix}_${expert}.*`, to: `${prefix}_imag.*`, transposed: false };
      // What reads the weights reads them behind the tie, which itself reads what was there before it.
      return together(
        replacing("begin.weights", `${id}.weights`),
        adding(id, "weights.tie", { weights: "begin.weights" }, params),
      );
    }),
  );
}

/** Stage 2 has texts of its own, of which there are more than pairs. */
const manyTexts = together(
  copying(
    ["data", "tokenize", "pieces", "word_order", "draws_masked", "draws_replaced", "random_words", "mask_words"],
    "_texts",
  ),
  rewiring("texts.ids", "mask_words_texts.ids"),
  rewiring("texts.mask", "tokenize_texts.mask"),
  rewiring("mlm_texts.labels", "mask_words_texts.labels"),
  rewiring("tokenizer.text", "data_texts.caption"),
);

export const vlmo: Experiments = {
  "vlmo-1": {
    ...common,
    title: "Experts for each modality against one for all",
    expects: "With as much computing, experts find as much or more.",
    wiring: together(fromNothing, askedOfMatches),
    arms: { "one expert": { wiring: oneExpert }, "experts for each modality": {} },
    seeds: ["trainer.seed", "begin.seed"],
  },
  "vlmo-2": {
    ...common,
    title: "Texts alone before few pairs",
    expects: "With 512 pairs, a stage of texts alone before them helps.",
    wiring: together(manyTexts, askedOfMatches),
    set: {
      ...common.set,
      // With 300 what is reached is a matter of when a training leaves its first plateau.
      "$.steps_pairs": 600,
      "data.rows": 512,
      "data_texts.objects": 1,
      "data_texts.rows": 4096,
      "data_texts.seed": 5,
    },
    arms: {
      "pictures, then pairs": { wiring: rewiring("weights.weights", "taken_over.weights") },
      "pictures, texts, then pairs": {},
    },
    seeds: [
      "trainer_pictures.seed",
      "fresh.seed",
      "trainer_texts.seed",
      "taken_over.seed",
      "weights.seed",
      "trainer.seed",
    ],
  },
  "vlmo-matching": {
    ...common,
    title: "LayerScale in a network of two blocks",
    expects: "Branches that begin at a tenth are for deep networks: two blocks learn earlier with whole ones.",
    wiring: together(fromNothing, askedOfMatches),
    set: { ...common.set, "$.steps_pairs": 600 },
    arms: { "from 0.1": { set: { "$.layer_scale": 0.1 } }, "from 1": { set: { "$.layer_scale": 1 } } },
    seeds: ["trainer.seed", "begin.seed"],
  },
};
