/** Rows of tokens as tensors of one length. */
import { ignoredLabel } from "#models/blocks/loss";
import type { OpenTokenizer } from "#models/files/tokenizers/open";
import type { Host } from "./host";
import type { Tensor } from "./values";

export interface Packing {
  length: number;
  /** What fills up short rows. */
  padding: number;
  /** Fills up at the left instead of the right. */
  left: boolean;
}

/** int64 [rows, length]; no row is longer. */
export function packRows(rows: readonly (readonly number[])[], { length, padding, left }: Packing): Tensor {
  const data = new BigInt64Array(rows.length * length).fill(BigInt(padding));
  for (const [row, values] of rows.entries()) {
    const first = row * length + (left ? length - values.length : 0);
    for (const [i, value] of values.entries()) data[first + i] = BigInt(value);
  }
  return { dtype: "int64", shape: [rows.length, length], data };
}

/** Rows of tokens as a language model reads and learns them: int64 [rows, length] each. */
export function packTokens(
  rows: readonly { ids: readonly number[]; labels: readonly number[] }[],
  packing: Packing,
): { ids: Tensor; mask: Tensor; labels: Tensor } {
  const packed = (values: (readonly number[])[], padding: number) => packRows(values, { ...packing, padding });
  return {
    ids: packRows(
      rows.map(({ ids }) => ids),
      packing,
    ),
    mask: packed(
      rows.map(({ ids }) => ids.map(() => 1)),
      0,
    ),
    labels: packed(
      rows.map(({ labels }) => labels),
      ignoredLabel,
    ),
  };
}

/** The longest of some rows, and of all that are padded with them; one at least, as a tensor of no length is no use. */
export function longestOf(rows: readonly { length: number }[], host: Pick<Host, "commonSizes">): number {
  const longest = rows.reduce((most, { length }) => Math.max(most, length), 1);
  return host.commonSizes([longest])[0] ?? longest;
}

/**
 * The next number of at most three binary digits and zeros: 1 to 8, 10, 12, 14, 16, 20 … It is at most a quarter more,
 * so that batches of many lengths come in few shapes, for each of which a training compiles its step.
 */
export function roundedUp(count: number): number {
  const step = 2 ** Math.max(0, Math.floor(Math.log2(Math.max(1, count))) - 2);
  return Math.ceil(count / step) * step;
}

/** The id that a tokenizer pads with: its padding token, else its end token, else 0. */
export const paddingOf = (tokenizer: OpenTokenizer): number =>
  tokenizer.roleId("pad_token") ?? tokenizer.roleId("eos_token") ?? 0;
