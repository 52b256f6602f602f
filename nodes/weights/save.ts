import * as z from "zod";
import { readSafetensors, toFloat32, writeSafetensors } from "#models/files/safetensors";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const save = defineNode({
  type: "weights.save",
  title: "Save checkpoint",
  description: "A .safetensors file of weights, to download or to load elsewhere.",
  docs: "float32, or rounded to float16 at half the size. Names are kept.",
  version: 1,
  inputs: { weights: port.weights() },
  outputs: { file: port.file() },
  params: {
    name: z
      .string()
      .regex(/^[\w.-]{1,100}$/, "letters, digits, dots, - and _")
      .default("weights")
      .meta({ label: "File name" }),
    precision: z.enum(["float32", "float16"]).default("float32"),
  },
  async run({ host, inputs, params }) {
    if (!inputs.weights.ref)
      throw Object.assign(new Error("These weights were not trained or loaded, so there is nothing to save."), {
        hint: "Wire the weights of a trainer or a checkpoint.",
      });
    const { tensors, metadata } = readSafetensors(await host.get(inputs.weights.ref));
    const list = [...tensors].map(([name, tensor]) => ({ name, shape: tensor.shape, data: toFloat32(tensor) }));
    const bytes = writeSafetensors(list, { metadata, dtype: params.precision === "float16" ? "F16" : "F32" });
    return { file: { ref: await host.put(bytes), name: `${params.name}.safetensors`, bytes: bytes.byteLength } };
  },
});
