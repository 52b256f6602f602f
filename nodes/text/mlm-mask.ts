import * as z from "zod";
import { ignoredLabel } from "#models/blocks/loss";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import type { Tensor } from "../core/values";

export const mlmMask = defineNode({
  type: "text.mlm-mask",
  title: "Mask words",
  description: "Hides some of the words of each text, to be guessed from the others and from the picture.",
  synonyms: ["masked language modeling", "DataCollatorForLanguageModeling", "cloze"],
  docs: `A token is chosen where its draw is below the probability, but never one of those that are spared. Of the
chosen 80 % become the mask token, 10 % a random word, and 10 % stay (Devlin et al. 2019, §3.1): the mask where the
second draw is below 0.8, else the random word where the third is below 0.5. Labels are the tokens at chosen places
and ${ignoredLabel} elsewhere.

*Whole words* hide a word with all of its pieces or not at all, so that its beginning does not give it away (ViLT §3.2;
transformers' DataCollatorForWholeWordMask). Words are tried in the order that comes in, and one is taken where it still
fits into the quota, which is round(T · probability), at least 1. T is the padded length, and padding counts as words
of one token that are drawn like others and dropped afterwards: a short text has fewer targets, perhaps none.

All draws come in, so that the same draws give the same masks: \`chosen\`, \`masked\` and \`replaced\` float32 [B, T]
in [0, 1), \`words\` int64 [B, T], any words; for whole words \`order\` int64 [B, T] in place of \`chosen\`, numbers
of words from left to right without the ends, those behind the last word left aside, and \`pieces\` int64 [B, T].`,
  version: 1,
  inputs: {
    ids: port.tensor({ dtype: "int64", shape: ["B", "T"] }),
    chosen: port.tensor({ dtype: "float32", shape: ["B", "T"], optional: true, doc: "Which tokens." }),
    pieces: port.tensor({ dtype: "int64", shape: ["B", "T"], optional: true, doc: "1 where a token goes on a word." }),
    order: port.tensor({ dtype: "int64", shape: ["B", "T"], optional: true, doc: "In which words are tried." }),
    masked: port.tensor({ dtype: "float32", shape: ["B", "T"], doc: "Whether they become the mask token." }),
    replaced: port.tensor({ dtype: "float32", shape: ["B", "T"], doc: "Whether they become a random word." }),
    words: port.tensor({ dtype: "int64", shape: ["B", "T"], doc: "Random words." }),
  },
  outputs: {
    ids: port.tensor({ dtype: "int64", shape: ["B", "T"] }),
    labels: port.tensor({ dtype: "int64", shape: ["B", "T"], doc: `${ignoredLabel} where nothing is asked for.` }),
    taken: port.tensor({ dtype: "int64", shape: ["B", "T"], doc: "1 where a place was taken, be it spared or not." }),
  },
  bypass: { ids: "ids" },
  params: {
    choose: z.enum(["tokens", "whole words"]).default("tokens"),
    probability: z.number().min(0).max(1).default(0.15),
    mask: z.int().min(0).default(103).meta({ label: "Mask token" }),
    spared: z
      .string()
      .max(1000)
      .default("0, 101")
      .meta({ label: "Never chosen", description: "Ids, separated by commas: padding and [CLS]." }),
    padding: z
      .int()
      .min(0)
      .default(0)
      .meta({ label: "Padding", description: "Its id.", when: { choose: ["whole words"] }, advanced: true }),
  },
  check: ({ spared }) =>
    /^[\d\s,]*$/.test(spared)
      ? undefined
      : { param: "spared", message: "Tokens are named by their ids.", hint: "Write numbers, such as 0, 101." },
  rowwise: true,
  async run({ inputs, params }) {
    const spared = new Set(idsIn(params.spared));
    const taken = params.choose === "tokens" ? drawnTokens(inputs, params, spared) : drawnWords(inputs, params, spared);
    const before = inputs.ids.data as BigInt64Array;
    const chosen = taken.map((isTaken, i) => Number(isTaken && !spared.has(before[i] as bigint)));
    const { shape } = inputs.ids;
    return {
      ...masked(inputs, chosen, BigInt(params.mask)),
      taken: { dtype: "int64", shape, data: BigInt64Array.from(taken, BigInt) },
    };
  },
});

interface Inputs {
  ids: Tensor;
  chosen?: Tensor;
  pieces?: Tensor;
  order?: Tensor;
}

/** 1 where a token's draw is below the probability. */
function drawnTokens(
  { ids, chosen }: Inputs,
  { probability }: { probability: number },
  spared: ReadonlySet<bigint>,
): Uint8Array {
  if (!chosen) throw missing("chosen", "Wire uniform draws, one for each token, to “chosen”.");
  return Uint8Array.from(ids.data as BigInt64Array, (id, i) =>
    Number(!spared.has(id) && numberAt(chosen, i) < probability),
  );
}

/** 1 in the words that are taken, padding among them. */
function drawnWords(
  { ids, pieces, order }: Inputs,
  { probability, padding }: { probability: number; padding: number },
  spared: ReadonlySet<bigint>,
): Uint8Array {
  if (!pieces) throw missing("pieces", "Wire Word pieces to “pieces”.");
  if (!order) throw missing("order", "Wire draws of the kind “order” to “order”.");
  const [rows = 0, length = 0] = ids.shape;
  const quota = Math.max(1, halfToEven(length * probability));
  const isWord = (id: bigint) => !spared.has(id) || id === BigInt(padding);
  const taken = new Uint8Array(rows * length);
  for (let row = 0; row < rows; row++) {
    const range = [row * length, (row + 1) * length] as const;
    const rowIds = (ids.data as BigInt64Array).subarray(...range);
    const words = wordsIn(rowIds, (pieces.data as BigInt64Array).subarray(...range), isWord);
    const tried = Array.from((order.data as BigInt64Array).subarray(...range), Number);
    for (const place of placesTaken(words, tried, quota)) taken[row * length + place] = 1;
  }
  return taken;
}

const missing = (input: string, hint: string): Error =>
  Object.assign(new Error(`Nothing is wired to “${input}”.`), { hint });

/** The places of each word of a row: a token, and the pieces that go on with it. */
function wordsIn(ids: BigInt64Array, pieces: BigInt64Array, isWord: (id: bigint) => boolean): number[][] {
  const words: number[][] = [];
  for (const [place, id] of ids.entries()) {
    if (!isWord(id)) continue;
    const last = words.at(-1);
    if (last && pieces[place]) last.push(place);
    else words.push([place]);
  }
  return words;
}

/** The places of words, tried in an order: each that still fits into the quota. */
function placesTaken(words: readonly number[][], order: readonly number[], quota: number): number[] {
  const places: number[] = [];
  for (const number of order) {
    const word = words[number] ?? [];
    if (places.length + word.length <= quota) places.push(...word);
  }
  return places;
}

/** To the nearest whole number, halves to the even one, as Python rounds. */
function halfToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 ? floor + 1 : floor;
}

/** How many of the chosen become the mask, and of the others a random word. */
const shares = { masked: 0.8, replaced: 0.5 };

const idsIn = (text: string): bigint[] =>
  text
    .split(/[\s,]+/)
    .filter(Boolean)
    .map(BigInt);
const numberAt = ({ data }: Tensor, i: number): number => (data as Float32Array)[i] as number;

/** What becomes of the chosen places, and what is asked there. */
function masked(
  inputs: { ids: Tensor; masked: Tensor; replaced: Tensor; words: Tensor },
  chosen: Uint8Array,
  mask: bigint,
): { ids: Tensor; labels: Tensor } {
  const { shape } = inputs.ids;
  const before = inputs.ids.data as BigInt64Array;
  const words = inputs.words.data as BigInt64Array;
  const shown = before.slice();
  const labels = new BigInt64Array(before.length).fill(BigInt(ignoredLabel));
  for (const [i, isChosen] of chosen.entries()) {
    if (!isChosen) continue;
    labels[i] = before[i] as bigint;
    if (numberAt(inputs.masked, i) < shares.masked) shown[i] = mask;
    else if (numberAt(inputs.replaced, i) < shares.replaced) shown[i] = words[i] as bigint;
  }
  return { ids: { dtype: "int64", shape, data: shown }, labels: { dtype: "int64", shape, data: labels } };
}
