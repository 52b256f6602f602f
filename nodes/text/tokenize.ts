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
[end] (clip.tokenize with truncate). A warning says how many are cut, whether that makes some of them the same, and how
many are empty. int64 [N, length].`,
  version: 1,
  inputs: { text: port.text({ shape: ["N"] }), tokenizer: port.tokenizer() },
  outputs: { ids: port.tensor({ dtype: "int64", shape: ["N", "$length"] }) },
  params: { length: z.int().min(3).max(4096).default(77).meta({ unit: "tokens" }) },
  rowwise: true,
  async run({ host, inputs, params: { length } }) {
    const { tokenizer, start, end } = open(inputs.tokenizer);
    const ids = new BigInt64Array(inputs.text.length * length);
    const known = new Map<string, number[]>();
    for (const [row, text] of inputs.text.entries()) {
      const tokens = known.get(text) ?? tokenizer.encode(text, { add_special_tokens: false }).ids;
      known.set(text, tokens);
      const kept = [start, ...tokens.slice(0, length - 2), end];
      for (const [i, id] of kept.entries()) ids[row * length + i] = BigInt(id);
    }
    for (const message of remarks(inputs.text, known, length)) host.warn(message);
    return { ids: { dtype: "int64", shape: [inputs.text.length, length], data: ids } };
  },
});

/** What a person should know of how texts became tokens. */
function* remarks(texts: readonly string[], tokensOf: ReadonlyMap<string, readonly number[]>, length: number) {
  const tokens = texts.map((text) => tokensOf.get(text) ?? []);
  const cut = tokens.filter((list) => list.length > length - 2);
  const empty = tokens.filter((list) => !list.length).length;
  if (empty)
    yield `${empty} of ${texts.length} texts ${areOf(empty)} empty: a model learns nothing from what says nothing.`;
  if (!cut.length) return;
  const longest = cut.reduce((most, list) => Math.max(most, list.length + 2), 0);
  yield `${cut.length} of ${texts.length} texts ${areOf(cut.length)} longer than the context of ${length} tokens and ${areOf(cut.length)} cut` +
    `${consequence([...tokensOf.values()], length)}. The longest has ${longest}: raise Length, or write shorter texts.`;
}

const areOf = (count: number): string => (count === 1 ? "is" : "are");

/** How many different texts have become the same by being cut; the lists are those of different texts. */
function consequence(different: readonly (readonly number[])[], length: number): string {
  const kept = new Map<string, Set<string>>();
  for (const list of different) {
    const row = list.slice(0, length - 2).join();
    kept.set(row, (kept.get(row) ?? new Set()).add(list.join()));
  }
  const equal = [...kept.values()].filter((wholes) => wholes.size > 1).reduce((sum, wholes) => sum + wholes.size, 0);
  if (!equal) return "";
  return kept.size === 1 ? ", which makes them all the same" : `, which makes ${equal} of them the same as another one`;
}

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
