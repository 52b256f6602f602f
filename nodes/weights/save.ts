import * as z from "zod";
import { partsOf, quantizedIn } from "#models/files/quantized";
import { streamSafetensors } from "#models/files/safetensors";
import { carried, checkpointOf, filesOf } from "../core/checkpoint";
import type { Host } from "../core/host";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import { beyondOf, inPrecision, precisions, shardsOf } from "../core/precision";
import type { FileValue } from "../core/values";

export const save = defineNode({
  type: "weights.save",
  title: "Save checkpoint",
  description: "A .safetensors file of weights, to download or to load elsewhere.",
  synonyms: ["torch.save", "export", "state_dict"],
  docs: `Every tensor as it is, bit by bit, whatever its element type: what a training gives is float32, what was
loaded stays what it was. *float16* and *bfloat16* round wider floating-point numbers to half the size, *float32* widens
narrower ones; tensors that hold anything else, such as integers or quantized matrices, are kept. Names are kept.

Above 5 GB, or where the weights came in several files, it is several: \`name-00001-of-00002.safetensors\` and so on,
with their index beside them, as Hugging Face lays them out.`,
  version: 1,
  inputs: { weights: port.weights() },
  outputs: { file: port.file() },
  params: {
    name: z
      .string()
      .regex(/^[\w.-]{1,100}$/, "letters, digits, dots, - and _")
      .default("weights")
      .meta({ label: "File name" }),
    precision: z.enum(precisions).default("as it is"),
  },
  async run({ host, inputs, params }) {
    if (inputs.weights.ref === undefined)
      throw Object.assign(new Error("These weights were not trained or loaded, so there is nothing to save."), {
        hint: "Wire the weights of a trainer or a checkpoint.",
      });
    const checkpoint = await checkpointOf(host, inputs.weights);
    const { tensors, metadata } = checkpoint;
    if (params.precision === "as it is") {
      const sizes = filesOf(inputs.weights).map(async (ref) => ({ ref, bytes: await host.size(ref) }));
      const refOf = new Map([...tensors].map(([name, { file }]) => [name, file]));
      return { file: await fileOf(host, params.name, await Promise.all(sizes), refOf) };
    }
    const beyond: string[] = [];
    const onBeyond = (name: string) => beyond.push(name);
    const { precision } = params;
    const parts = partsOf(quantizedIn(checkpoint));
    const list = [...tensors].map(([name, address]) =>
      parts.has(name) ? carried(host, name, address) : inPrecision({ host, name, address, precision, onBeyond }),
    );
    const stored: Stored[] = [];
    const refOf = new Map<string, string>();
    for (const shard of shardsOf(list)) {
      const file = await host.putParts(streamSafetensors(shard, metadata));
      stored.push(file);
      for (const { name } of shard) refOf.set(name, file.ref);
    }
    if (beyond.length) host.warn(beyondOf(beyond));
    return { file: await fileOf(host, params.name, stored, refOf) };
  },
});

interface Stored {
  ref: string;
  bytes: number;
}

/** Files as one value: the only one, or their index with them beside it. `refOf` says which holds each tensor. */
async function fileOf(
  host: Host,
  stem: string,
  stored: readonly Stored[],
  refOf: ReadonlyMap<string, string>,
): Promise<FileValue> {
  const [only, ...others] = stored;
  if (only && !others.length) return { ...only, name: `${stem}.safetensors` };
  const count = String(stored.length).padStart(5, "0");
  const named = stored.map((file, i) => ({
    ...file,
    name: `${stem}-${String(i + 1).padStart(5, "0")}-of-${count}.safetensors`,
  }));
  const nameOf = new Map(named.map(({ ref, name }) => [ref, name]));
  const weightMap = Object.fromEntries([...refOf].map(([tensor, ref]) => [tensor, nameOf.get(ref)]));
  const total = stored.reduce((sum, { bytes }) => sum + bytes, 0);
  const index = JSON.stringify({ metadata: { total_size: total }, weight_map: weightMap }, null, 2);
  const bytes = new TextEncoder().encode(index);
  return { ref: await host.put(bytes), name: `${stem}.safetensors.index.json`, bytes: bytes.length, beside: named };
}
