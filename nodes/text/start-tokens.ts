import * as z from "zod";
import { defineNode } from "../core/node";
import { itemCount } from "../core/packed";
import { port } from "../core/ports";
import type { Tensor } from "../core/values";

export const startTokens = defineNode({
  type: "text.start-tokens",
  title: "Start tokens",
  description: "A prompt of one token for each picture: what a captioner begins to write behind.",
  synonyms: ["BOS", "decoder_input_ids"],
  docs: `BLIP's captions begin with [DEC] (Li et al. 2022, §3.1). Wire the pictures that captions are written for.

\`ids\`, \`mask\` int64 [N, 1]: the token, and 1`,
  version: 1,
  inputs: { image: port.image({ shape: ["N", "*", "*"] }) },
  outputs: {
    ids: port.tensor({ dtype: "int64", shape: ["N", 1] }),
    mask: port.tensor({ dtype: "int64", shape: ["N", 1] }),
  },
  params: { token: z.int().min(0).default(30_522).meta({ label: "Token", description: "Its id." }) },
  rowwise: true,
  async run({ inputs, params }) {
    const count = itemCount(inputs.image);
    const filled = (id: number): Tensor => ({
      dtype: "int64",
      shape: [count, 1],
      data: new BigInt64Array(count).fill(BigInt(id)),
    });
    return { ids: filled(params.token), mask: filled(1) };
  },
});
