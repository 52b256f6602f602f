import * as z from "zod";
import { countWords, trainBpe } from "#models/files/bpe";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const trainTokenizer = defineNode({
  type: "text.train-tokenizer",
  title: "Train tokenizer",
  description: "Learns a byte-pair vocabulary from texts, in CLIP's form.",
  docs: `Lower-cased byte BPE (systems: CLIP's simple_tokenizer): 512 byte tokens, one for each merge, start and end
of text last. Stops early when no pair occurs twice. Equal texts give an equal vocabulary.`,
  version: 1,
  inputs: { text: port.text({ shape: ["*"], many: true, doc: "The texts to learn from; any number of wires." }) },
  outputs: { tokenizer: port.tokenizer() },
  params: { vocabulary: z.int().min(514).max(65_536).default(2048).meta({ unit: "tokens" }) },
  reduce: {
    rows: ["text"],
    start({ params }) {
      const words = new Map<string, number>();
      return {
        add: ({ text }) => text.forEach((texts) => countWords(texts, words)),
        finish: () => ({ tokenizer: { json: trainBpe(words, params.vocabulary), config: {} } }),
      };
    },
  },
});
