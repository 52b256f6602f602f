import * as z from "zod";
import { countWords, pieceSpecials, specials, trainBpe, trainWordPieces } from "#models/files/bpe";
import { tokenizerFromFiles } from "#models/files/tokenizers/from-files";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import type { Tokenizer } from "../core/values";

export const trainTokenizer = defineNode({
  type: "text.train-tokenizer",
  title: "Train tokenizer",
  description: "Learns a vocabulary from texts: byte pairs in CLIP's form, or word pieces in BERT's.",
  synonyms: ["BPE", "WordPiece", "train_new_from_iterator"],
  docs: `**CLIP**: lower-cased byte BPE (simple_tokenizer): 512 byte tokens, one for each merge, start and end of text
last. **BERT**: lower-cased word pieces, [PAD] 0, [CLS] 2, [SEP] 3, [MASK] 4, [UNK] 5, letters, and what the most
frequent pairs are joined to; set *Tokenize* to the tokenizer's own packing. Either stops early when no pair occurs
twice. Equal texts give an equal vocabulary.

For a language model in CLIP's form, let it *name an end token*: *Generate* stops there, and a chat template writes it
behind each answer as \`{{ eos_token }}\`. Without one, texts go on to their longest.`,
  version: 1,
  inputs: { text: port.text({ shape: ["*"], many: true, doc: "The texts to learn from; any number of wires." }) },
  outputs: { tokenizer: port.tokenizer() },
  params: {
    form: z.enum(["clip", "bert"]).default("clip"),
    vocabulary: z.int().min(16).max(65_536).default(2048).meta({ unit: "tokens" }),
    ends: z
      .boolean()
      .default(false)
      .meta({
        label: "Name an end token",
        description: `${specials.end} is then the tokenizer's eos_token, and ${specials.start} its bos_token.`,
        when: { form: ["clip"] },
      }),
  },
  check: ({ form, vocabulary }) =>
    form === "clip" && vocabulary < leastOfClip
      ? {
          param: "vocabulary",
          message: `CLIP's form has ${leastOfClip} tokens before anything is learned, and ${vocabulary} are asked for.`,
          hint: "Ask for more, or choose BERT's form.",
        }
      : undefined,
  reduce: {
    rows: ["text"],
    start({ params }) {
      const words = new Map<string, number>();
      return {
        add: ({ text }) => text.forEach((texts) => countWords(texts, words)),
        finish: () => ({
          tokenizer:
            params.form === "bert"
              ? wordPieceTokenizer(trainWordPieces(words, params.vocabulary))
              : {
                  json: trainBpe(words, params.vocabulary),
                  config: params.ends ? { bos_token: specials.start, eos_token: specials.end } : {},
                },
        }),
      };
    },
  },
});

/** 512 bytes, within words and at their end, and start and end of a text. */
const leastOfClip = 514;

function wordPieceTokenizer(tokens: readonly string[]): Tokenizer {
  const [padding, , first, last, mask, unknown] = pieceSpecials;
  const roles = { pad_token: padding, cls_token: first, sep_token: last, mask_token: mask, unk_token: unknown };
  const encoder = new TextEncoder();
  return tokenizerFromFiles({
    "vocab.txt": encoder.encode(tokens.join("\n")),
    "tokenizer_config.json": encoder.encode(JSON.stringify(roles)),
  });
}
