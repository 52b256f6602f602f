import * as z from "zod";
import type { Checkpoint, TensorAddress } from "#models/files/checkpoint";
import { type StoredTensor, type StreamedTensor, streamSafetensors, toFloat32 } from "#models/files/safetensors";
import { carried, checkpointOf } from "../core/checkpoint";
import type { Host } from "../core/host";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const fromBeit = defineNode({
  type: "weights.from-beit",
  title: "BEiT to VLMo",
  description: "Takes what masked image modelling learned into VLMo: the picture's experts of its second stage.",
  synonyms: ["convert", "warm start"],
  docs: `VLMo's first stage is BEiT's; its checkpoint enters the second under other names (unilm/vlmo, vlmo_module.py):
\`transformer.\` before all, \`mlp\` becomes \`mlp_imag\` and \`norm2\` \`norm2_imag\`, and the tables of positions of
all blocks become the columns of the first rows of one, \`relative_position_bias_table\`, whose rows for texts begin
at 0. The mask token and the head over visual words stay behind. What the checkpoint does not hold, such as the text's
experts, is drawn with the seed.`,
  version: 1,
  inputs: { weights: port.weights() },
  outputs: { weights: port.weights() },
  params: {
    firstLength: z.int().min(2).max(4096).default(196).meta({
      label: "First length",
      unit: "tokens",
      description: "Of the texts that the table of positions is made for.",
    }),
    seed: z.int().min(0).default(0).meta({ widget: "seed" }),
  },
  async run({ host, inputs, params }) {
    if (inputs.weights.ref === undefined)
      throw Object.assign(new Error("These weights were not trained or loaded, so there is nothing to take over."), {
        hint: "Wire the weights of a trainer that learned masked image modelling, or a BEiT checkpoint.",
      });
    const checkpoint = await checkpointOf(host, inputs.weights);
    const stored = await host.putParts(streamSafetensors(taken(host, checkpoint, params.firstLength)));
    return { weights: { ref: stored.ref, seed: params.seed } };
  },
});

const tablePattern = /^blocks\.(\d+)\.attn\.relative_position_bias_table$/;
/** Learned for masked image modelling alone. */
const leftBehind = /^(lm_head\.|mask_token$)/;

function taken(host: Host, { tensors }: Checkpoint, firstLength: number): StreamedTensor[] {
  const tables = [...tensors].flatMap(([name, address]) => {
    const block = tablePattern.exec(name)?.[1];
    return block === undefined ? [] : [{ block: Number(block), address }];
  });
  if (!tables.length)
    throw Object.assign(
      new Error("The checkpoint has no blocks.0.attn.relative_position_bias_table, so it is no BEiT."),
      {
        hint: "Wire the weights of VLMo's first stage.",
      },
    );
  const inOrder = tables.sort((a, b) => a.block - b.block).map(({ address }) => address);
  const others = [...tensors].filter(([name]) => !tablePattern.test(name) && !leftBehind.test(name));
  const renamed = others.map(([name, address]) => carried(host, vlmoName(name), address));
  return [...renamed, joinedTable(host, inOrder, firstLength)];
}

const vlmoName = (name: string): string =>
  `transformer.${name.replace(/\bmlp\b/, "mlp_imag").replace(/\bnorm2\b/, "norm2_imag")}`;

/** Tables of blocks, [R, heads] each, side by side, and below them rows of zeros for texts. */
function joinedTable(host: Host, tables: readonly TensorAddress[], firstLength: number): StreamedTensor {
  const [rows = 0, heads = 0] = tables[0]?.shape ?? [];
  const shape = [rows + 2 * firstLength + 2, heads * tables.length];
  const [total = 0, columns = 0] = shape;
  async function* parts() {
    const data = new Float32Array(total * columns);
    for (const [block, { file, dtype, shape: own, start, end }] of tables.entries()) {
      const stored: StoredTensor = { dtype, shape: own, data: await host.read(file, start, end) };
      for (const [i, value] of toFloat32(stored).entries())
        data[Math.floor(i / heads) * columns + block * heads + (i % heads)] = value;
    }
    yield new Uint8Array(data.buffer);
  }
  return { name: "relative_position_bias_table", dtype: "F32", shape, bytes: total * columns * 4, parts };
}
