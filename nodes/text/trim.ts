import * as z from "zod";
import { unpaddedLength } from "#models/files/padding";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const trim = defineNode({
  type: "text.trim",
  title: "Trim padding",
  description: "Cuts the padding that all texts of a batch share, so that short texts cost little.",
  synonyms: ["truncate", "dynamic padding"],
  docs: `Keeps as many tokens as the longest text has, rounded up to a multiple; padding is id 0 at the end. Within
a training it runs for every batch: wire *Length buckets* to the trainer's \`bucket\` so that texts of one length
meet, and give the encoder a fixed number of positions (*Context*). int64 [N, T] → int64 [N, T'].`,
  version: 1,
  inputs: { ids: port.tensor({ dtype: "int64", shape: ["N", "T"] }) },
  outputs: { ids: port.tensor({ dtype: "int64", shape: ["N", "*"] }) },
  params: { multiple: z.int().min(1).max(1024).default(8).meta({ unit: "tokens" }) },
  rowwise: true,
  perBatch: true,
  async run({ host, inputs: { ids }, params: { multiple } }) {
    const [n = 0, length = 0] = ids.shape;
    const data = ids.data as BigInt64Array;
    const longest = Array.from({ length: n }, (_, row) => unpaddedLength(data, row, length)).reduce(
      (a, b) => Math.max(a, b),
      1,
    );
    const [common = 1] = host.commonSizes([longest]);
    const kept = Math.min(length, Math.ceil(common / multiple) * multiple);
    const result = new BigInt64Array(n * kept);
    for (let row = 0; row < n; row++) result.set(data.subarray(row * length, row * length + kept), row * kept);
    return { ids: { dtype: "int64", shape: [n, kept], data: result } };
  },
});
