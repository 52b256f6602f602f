import { defineNode } from "../core/node";
import { port } from "../core/ports";
import type { Tensor } from "../core/values";

export const keptPairs = defineNode({
  type: "data.kept-pairs",
  title: "Kept pairs",
  description: "Which texts of each picture a filter keeps: row by row, of the first kind and of the others.",
  docs: `\`keep\`, each int64 [N]: 1 for a row that stays, as *Matched* gives; in the order in which they are wired.

\`pairs\` int64 [K, 2]: the row, and which of the wires keeps it, from 0; row by row`,
  version: 1,
  inputs: { keep: port.tensor({ dtype: "int64", shape: ["N"], many: true }) },
  outputs: { pairs: port.tensor({ dtype: "int64", shape: ["K", 2] }) },
  params: {},
  allRows: "How many pairs there are follows from all that are kept.",
  async run({ inputs: { keep } }) {
    const rows = keep[0]?.shape[0] ?? 0;
    const other = keep.find(({ shape }) => shape[0] !== rows);
    if (other) throw new Error(`one filter looked at ${rows} rows, and another at ${other.shape[0]}`);
    const kept: bigint[] = [];
    for (let row = 0; row < rows; row++) {
      for (const [kind, each] of keep.entries()) {
        if (stays(each, row)) kept.push(BigInt(row), BigInt(kind));
      }
    }
    return { pairs: { dtype: "int64", shape: [kept.length / 2, 2], data: BigInt64Array.from(kept) } };
  },
});

const stays = ({ data }: Tensor, row: number): boolean => (data as BigInt64Array)[row] === 1n;
