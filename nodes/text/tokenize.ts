import { Tokenizer } from "@huggingface/tokenizers";
import * as z from "zod";
import { specials } from "#models/files/bpe";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import type { Tokenizer as TokenizerValue } from "../core/values";

export const tokenize = defineNode({
  type: "text.tokenize",
  title: "Tokenize",
  description: "Texts to token ids of one length, packed as CLIP does.",
  docs: `[start] tokens [end], then zeros up to \`length\`; a text that is too long keeps its beginning and ends with
[end] (clip.tokenize with truncate). int64 [N, length].`,
  version: 1,
  inputs: { text: port.text({ shape: ["N"] }), tokenizer: port.tokenizer() },
  outputs: { ids: port.tensor({ dtype: "int64", shape: ["N", "$length"] }) },
  params: { length: z.int().min(3).max(4096).default(77).meta({ unit: "tokens" }) },
  rowwise: true,
  async run({ inputs, params: { length } }) {
    const { tokenizer, start, end } = open(inputs.tokenizer);
    const ids = new BigInt64Array(inputs.text.length * length);
    const known = new Map<string, number[]>();
    for (const [row, text] of inputs.text.entries()) {
      const tokens = known.get(text) ?? tokenizer.encode(text, { add_special_tokens: false }).ids.slice(0, length - 2);
      known.set(text, tokens);
      for (const [i, id] of [start, ...tokens, end].entries()) ids[row * length + i] = BigInt(id);
    }
    return { ids: { dtype: "int64", shape: [inputs.text.length, length], data: ids } };
  },
});

const opened = new WeakMap<TokenizerValue, { tokenizer: Tokenizer; start: number; end: number }>();
/** Building the tables costs more than using them once: a training step asks anew for every batch. */
function open(value: TokenizerValue): { tokenizer: Tokenizer; start: number; end: number } {
  const known = opened.get(value);
  if (known) return known;
  const fail = (what: string): never => {
    throw Object.assign(new Error(`The tokenizer ${what}.`), {
      hint: "Train one, or load the tokenizer.json of a CLIP model.",
    });
  };
  let tokenizer: Tokenizer | undefined;
  try {
    tokenizer = new Tokenizer(value.json, value.config);
  } catch {
    return fail("cannot be read");
  }
  const id = (token: string): number => tokenizer.token_to_id(token) ?? fail(`has no token ${token}`);
  const result = { tokenizer, start: id(specials.start), end: id(specials.end) };
  opened.set(value, result);
  return result;
}
