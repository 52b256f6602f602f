import * as z from "zod";
import { unpaddedLength } from "#models/files/padding";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const lengthBuckets = defineNode({
  type: "text.length-buckets",
  title: "Length buckets",
  description: "Names for each text the length that it is padded to, so that a trainer lets texts of one length meet.",
  docs: `The number of tokens without padding (id 0 at the end), rounded up to a multiple. int64 [N, T] → one text
for each row. Wire it to a trainer's \`bucket\`.`,
  version: 1,
  inputs: { ids: port.tensor({ dtype: "int64", shape: ["N", "T"] }) },
  outputs: { bucket: port.text({ shape: ["N"] }) },
  params: { multiple: z.int().min(1).max(1024).default(8).meta({ unit: "tokens" }) },
  rowwise: true,
  async run({ inputs: { ids }, params: { multiple } }) {
    const [n = 0, length = 0] = ids.shape;
    const data = ids.data as BigInt64Array;
    return {
      bucket: Array.from({ length: n }, (_, row) =>
        String(Math.min(length, Math.ceil(unpaddedLength(data, row, length) / multiple) * multiple)),
      ),
    };
  },
});
