import * as z from "zod";
import { specials } from "#models/files/bpe";
import { type EncodeOptions, type Encoded, type OpenTokenizer, openTokenizer } from "#models/files/tokenizers/open";
import { defineNode } from "../core/node";
import { longestOf, packRows, paddingOf } from "../core/packing";
import { type Ports, port } from "../core/ports";
import type { Tensor } from "../core/values";

/** When a parameter means something, by another. */
const ownPacking = { packing: ["own"] };

export const tokenize = defineNode({
  type: "text.tokenize",
  title: "Tokenize",
  description: "Texts to token ids of one length, packed as CLIP does or as the model's own tokenizer does.",
  synonyms: ["encode", "input_ids", "BPE"],
  docs: `**CLIP's packing**: [start] tokens [end], then zeros up to \`length\`; a text that is too long keeps its
beginning and ends with [end] (clip.tokenize with truncate).

**The tokenizer's own**: its special tokens around the text, or around two texts where *pair* is wired (a question and
its answer; \`types\` then tells them apart). What is longer than \`length\` is cut, of two texts the longer. Padding is
the tokenizer's padding token (else its end token, else 0), up to \`length\` or to the longest text of the batch, at the
right, or at the left for models that write on.

\`ids\`, \`mask\` (1 where there is a token) and \`types\` are int64 [N, length]. A warning says how many texts are cut,
whether that makes some of them the same, and how many are empty.

**Offsets**, where they are asked for, int64 [N, length, 2]: the first character of the text that a token comes from
and the one behind its last, as \`transformers\` gives them (\`return_offsets_mapping\`). Characters are code points,
as in Python; JavaScript counts an emoji as two. In pairs they count in the second text for its tokens. 0, 0 is
padding, and what the tokenizer puts around a text. Several tokens may share a character (bytes of one letter), and a
letter that normalization made of several belongs to the first of them. The library that is used knows no offsets:
each text is read once more to find them, and where a tokenizer does something that cannot be followed they are 0, 0
and a warning says so.`,
  version: 1,
  inputs: {
    text: port.text({ shape: ["N"] }),
    pair: port.text({ shape: ["N"], optional: true, doc: "A second text for each row." }),
    tokenizer: port.tokenizer(),
  },
  outputs: {
    ids: port.tensor({ dtype: "int64", shape: ["N", "$length"] }),
    mask: port.tensor({ dtype: "int64", shape: ["N", "$length"] }),
    types: port.tensor({ dtype: "int64", shape: ["N", "$length"] }),
  },
  params: {
    length: z.int().min(3).max(131_072).default(77).meta({ unit: "tokens" }),
    packing: z.enum(["clip", "own"]).default("clip").meta({ description: "CLIP's, or the tokenizer's own." }),
    padding: z.enum(["length", "longest"]).default("length").meta({
      label: "Pad to",
      description: "The length, or the longest text of the batch.",
      when: ownPacking,
      advanced: true,
    }),
    side: z.enum(["right", "left"]).default("right").meta({
      label: "Padding side",
      description: "Left for models that write on.",
      when: ownPacking,
      advanced: true,
    }),
    cut: z.enum(["right", "left"]).default("right").meta({
      label: "Cut off",
      description: "Which end of a text that is too long.",
      when: ownPacking,
      advanced: true,
    }),
    special: z.boolean().default(true).meta({
      label: "Special tokens",
      description: "Off for texts that hold them already, as a chat template writes them.",
      when: ownPacking,
      advanced: true,
    }),
    offsets: z.boolean().default(false).meta({
      description: "Also where in its text each token comes from.",
      advanced: true,
    }),
  },
  ports({ packing, padding, offsets }): { outputs: Ports; perBatch?: boolean } {
    const isOpen = packing === "own" && padding === "longest";
    const length = isOpen ? "T" : "$length";
    const places: Ports = offsets ? { offsets: port.tensor({ dtype: "int64", shape: ["N", length, 2] }) } : {};
    if (!isOpen) return { outputs: places };
    const open = port.tensor({ dtype: "int64", shape: ["N", "T"] });
    return { outputs: { ids: open, mask: open, types: open, ...places }, perBatch: true };
  },
  rowwise: true,
  async run({ host, inputs, params }) {
    const tokenizer = openTokenizer(inputs.tokenizer);
    if (params.packing === "clip" && inputs.pair)
      throw Object.assign(new Error("CLIP's packing holds one text a row, and a pair is wired."), {
        hint: "Set Packing to “own”, the tokenizer's, or take the wire away.",
      });
    const encode = params.packing === "clip" ? clipEncoder(tokenizer, params) : ownEncoder(tokenizer, params);
    const known = new Map<string, Encoded>();
    const rows = inputs.text.map((text, row) => {
      const pair = inputs.pair?.[row];
      const name = pair === undefined ? text : JSON.stringify([text, pair]);
      const encoded = known.get(name) ?? encode(text, pair);
      known.set(name, encoded);
      return encoded;
    });
    for (const message of remarks(rows, [...known.values()], params)) host.warn(message);
    const isOwn = params.packing === "own";
    const length =
      isOwn && params.padding === "longest"
        ? longestOf(
            rows.map(({ ids }) => ids),
            host,
          )
        : params.length;
    const form = { length, left: isOwn && params.side === "left" };
    const places = params.offsets ? { offsets: packOffsets(rows, form) } : {};
    return {
      ids: packRows(
        rows.map(({ ids }) => ids),
        { ...form, padding: isOwn ? paddingOf(tokenizer) : 0 },
      ),
      mask: packRows(
        rows.map(({ ids }) => ids.map(() => 1)),
        { ...form, padding: 0 },
      ),
      types: packRows(
        rows.map(({ types }) => types),
        { ...form, padding: 0 },
      ),
      ...places,
    };
  },
});

/** Where tokens come from, int64 [rows, length, 2]. */
function packOffsets(rows: readonly Encoded[], { length, left }: { length: number; left: boolean }): Tensor {
  const flat = rows.map(({ ids, offsets }) => offsets?.flat() ?? ids.flatMap(() => [0, 0]));
  const { data } = packRows(flat, { length: 2 * length, left, padding: 0 });
  return { dtype: "int64", shape: [rows.length, length, 2], data };
}

/** What is put around a text comes from nowhere in it. */
const around = [0, 0] as const;

interface Params {
  length: number;
  offsets: boolean;
}
type Encode = (text: string, pair?: string) => Encoded;

function clipEncoder(tokenizer: OpenTokenizer, { length, offsets: isLocated }: Params): Encode {
  const idOf = (token: string): number => {
    const id = tokenizer.idOf(token);
    if (id !== undefined) return id;
    throw Object.assign(new Error(`The tokenizer has no token ${token}.`), {
      hint: "Set Packing to “own”, the tokenizer's; or train one, or load the tokenizer.json of a CLIP model.",
    });
  };
  const [start, end] = [idOf(specials.start), idOf(specials.end)];
  return (text) => {
    const { ids, tokens, offsets } = tokenizer.encode(text, { special: false, offsets: isLocated });
    const kept = [start, ...ids.slice(0, length - 2), end];
    const places = offsets && [around, ...offsets.slice(0, length - 2), around];
    return { ids: kept, types: kept.map(() => 0), tokens, whole: tokens.length + 2, offsets: places };
  };
}

const ownEncoder =
  (tokenizer: OpenTokenizer, { length, special, cut, offsets }: EncodeOptions): Encode =>
  (text, pair) =>
    tokenizer.encode(text, { pair, special, length, cut, offsets });

/** What a person should know of how texts became tokens; `different` are the results of different texts. */
function* remarks(rows: readonly Encoded[], different: readonly Encoded[], { length, offsets: isLocated }: Params) {
  const unknown = isLocated ? rows.filter(({ offsets }) => !offsets).length : 0;
  if (unknown)
    yield `Where the tokens of ${unknown} of ${rows.length} texts come from is not known, and said to be 0, 0: ` +
      "the tokenizer does something to them that cannot be followed.";
  const cut = rows.filter(({ whole }) => whole > length);
  const empty = rows.filter(({ tokens }) => !tokens.length).length;
  if (empty)
    yield `${empty} of ${rows.length} texts ${areOf(empty)} empty: a model learns nothing from what says nothing.`;
  if (!cut.length) return;
  const longest = cut.reduce((most, { whole }) => Math.max(most, whole), 0);
  yield `${cut.length} of ${rows.length} texts ${areOf(cut.length)} ` +
    `longer than the context of ${length} tokens and ${areOf(cut.length)} cut` +
    `${consequence(different)}. The longest has ${longest}: raise Length, or write shorter texts.`;
}

const areOf = (count: number): string => (count === 1 ? "is" : "are");

/** How many different texts have become the same by being cut. */
function consequence(different: readonly Encoded[]): string {
  const kept = new Map<string, Set<string>>();
  for (const { ids, tokens } of different) {
    const row = ids.join();
    kept.set(row, (kept.get(row) ?? new Set()).add(tokens.join("\n")));
  }
  const equal = [...kept.values()].filter((wholes) => wholes.size > 1).reduce((sum, wholes) => sum + wholes.size, 0);
  if (!equal) return "";
  return kept.size === 1 ? ", which makes them all the same" : `, which makes ${equal} of them the same as another one`;
}
