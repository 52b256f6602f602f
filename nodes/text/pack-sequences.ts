import * as z from "zod";
import { ignoredLabel } from "#models/blocks/loss";
import { defineNode } from "../core/node";
import { packRows } from "../core/packing";
import { port } from "../core/ports";
import type { Tensor } from "../core/values";
import { counted } from "../core/wording";

export const packSequences = defineNode({
  type: "text.pack-sequences",
  title: "Pack sequences",
  description:
    "Puts short rows of tokens side by side into few full ones, so that a training spends nothing on padding.",
  synonyms: ["sample packing", "group_texts", "varlen"],
  docs: `Each row, without its padding, goes to where it leaves the least room. \`mask\` int64 [M, length] says of each
place which sequence of its row it belongs to, counted from 1, and is 0 for padding: a decoder that is given it lets a
token see earlier tokens of its own sequence alone (a block-diagonal mask). \`positions\` begin anew in each sequence,
and no sequence's first token is asked for of the one before it. So a packed batch has the loss and the gradients of the
same rows padded (Krell et al. 2021, "Efficient Sequence Packing without Cross-contamination").

Wire ids, mask and positions to the decoder and \`labels\` to *Causal LM loss*. A trainer then draws packed rows: a
batch of 4 × 1,024 tokens is \`length\` 1024 and batch size 4. Without \`labels\` all tokens are learned. Longer rows
are cut at the right. Rows with pictures are not packed: a packed row would have the pictures of several.`,
  version: 1,
  inputs: {
    ids: port.tensor({ dtype: "int64", shape: ["N", "L"] }),
    mask: port.tensor({ dtype: "int64", shape: ["N", "L"], doc: "1 where there is a token." }),
    labels: port.tensor({
      dtype: "int64",
      shape: ["N", "L"],
      optional: true,
      doc: `${ignoredLabel} where none is learned, as of *Chat template*.`,
    }),
  },
  outputs: {
    ids: port.tensor({ dtype: "int64", shape: ["M", "$length"] }),
    mask: port.tensor({
      dtype: "int64",
      shape: ["M", "$length"],
      doc: "The number of each token's sequence; 0: none.",
    }),
    positions: port.tensor({ dtype: "int64", shape: ["M", "$length"] }),
    labels: port.tensor({ dtype: "int64", shape: ["M", "$length"] }),
  },
  bypass: { ids: "ids", mask: "mask", labels: "labels" },
  params: { length: z.int().min(2).max(131_072).default(1024).meta({ unit: "tokens" }) },
  allRows: "Which rows go together follows from the lengths of all.",
  async run({ host, inputs, params: { length } }) {
    const all = sequencesOf(inputs.ids, inputs.mask, inputs.labels);
    const cut = all.filter(({ ids }) => ids.length > length).length;
    if (cut) host.warn(`${counted(cut, "row is", "rows are")} longer than ${length} tokens and cut.`);
    const kept = all.map(({ ids, labels }) => ({ ids: ids.slice(0, length), labels: labels.slice(0, length) }));
    const lengths = kept.map(({ ids }) => ids.length);
    const rows = fitted(lengths, length).map((row) => row.map((i) => kept[i] as Sequence));
    const packed = (values: (sequence: Sequence, index: number) => number[], padding = 0) =>
      packRows(
        rows.map((row) => row.flatMap(values)),
        { length, padding, left: false },
      );
    return {
      ids: packed(({ ids }) => ids),
      mask: packed(({ ids }, index) => ids.map(() => index + 1)),
      positions: packed(({ ids }) => ids.map((_, i) => i)),
      labels: packed(({ labels }) => [ignoredLabel, ...labels.slice(1)], ignoredLabel),
    };
  },
});

interface Sequence {
  ids: number[];
  labels: number[];
}

/** The rows without padding; those without any token are left out. */
function sequencesOf(ids: Tensor, mask: Tensor, labels: Tensor = ids): Sequence[] {
  const [rows = 0, length = 0] = ids.shape;
  return Array.from({ length: rows }, (_, row): Sequence => {
    const places = Array.from({ length }, (_, i) => row * length + i).filter((i) => Number(mask.data[i]) > 0);
    const numbersOf = ({ data }: Tensor) => places.map((i) => Number(data[i]));
    return { ids: numbersOf(ids), labels: numbersOf(labels) };
  }).filter((sequence) => sequence.ids.length > 0);
}

/** Which sequences share a row: each goes, in its turn, into the fullest row that has room for it. */
function fitted(lengths: readonly number[], room: number): number[][] {
  const rows: number[][] = [];
  /** The rows that have so many places left. */
  const withRoom: number[][] = Array.from({ length: room + 1 }, () => []);
  for (const [sequence, length] of lengths.entries()) {
    const left = withRoom.findIndex((open, places) => places >= length && open.length > 0);
    const row = left < 0 ? rows.push([]) - 1 : (withRoom[left]?.pop() as number);
    rows[row]?.push(sequence);
    withRoom[(left < 0 ? room : left) - length]?.push(row);
  }
  return rows;
}
