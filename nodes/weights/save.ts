import * as z from "zod";
import {
  readSafetensors,
  type StoredTensor,
  type TensorToWrite,
  toFloat32,
  writeSafetensors,
} from "#models/files/safetensors";
import type { Host } from "../core/host";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const save = defineNode({
  type: "weights.save",
  title: "Save checkpoint",
  description: "A .safetensors file of weights, to download or to load elsewhere.",
  docs: `Every tensor as it is, bit by bit, whatever its element type: what a training gives is float32, what was
loaded stays what it was. *float16* rounds wider floating-point numbers to half the size, *float32* widens narrower
ones; tensors that hold anything else, such as integers, are kept. Names are kept.`,
  version: 1,
  inputs: { weights: port.weights() },
  outputs: { file: port.file() },
  params: {
    name: z
      .string()
      .regex(/^[\w.-]{1,100}$/, "letters, digits, dots, - and _")
      .default("weights")
      .meta({ label: "File name" }),
    precision: z.enum(["as it is", "float32", "float16"]).default("as it is"),
  },
  async run({ host, inputs, params }) {
    const { ref } = inputs.weights;
    if (!ref)
      throw Object.assign(new Error("These weights were not trained or loaded, so there is nothing to save."), {
        hint: "Wire the weights of a trainer or a checkpoint.",
      });
    const name = `${params.name}.safetensors`;
    if (params.precision === "as it is") return { file: { ref, name, bytes: await host.size(ref) } };
    const { tensors, metadata } = readSafetensors(await host.get(ref));
    const dtype = params.precision === "float16" ? "F16" : "F32";
    const list = [...tensors].map(([title, tensor]) => converted(title, tensor, dtype));
    if (dtype === "F16") warnOfOverflow(list, host);
    const bytes = writeSafetensors(list, { metadata, dtype });
    return { file: { ref: await host.put(bytes), name, bytes: bytes.byteLength } };
  },
});

/** What is converted to each precision; all else is kept. */
const sources = { F16: ["F64", "F32", "BF16"], F32: ["F64", "BF16", "F16"] };

function converted(name: string, tensor: StoredTensor, dtype: "F16" | "F32"): TensorToWrite {
  if (!sources[dtype].includes(tensor.dtype)) return { name, ...tensor };
  return { name, shape: tensor.shape, data: toFloat32(tensor) };
}

/** The largest number that float16 does not round to infinity. */
const largestHalf = 65519.99;

function warnOfOverflow(list: readonly TensorToWrite[], host: Host): void {
  const beyond = list.filter(
    (tensor) => !("dtype" in tensor) && tensor.data.some((x) => Number.isFinite(x) && Math.abs(x) > largestHalf),
  );
  const [first] = beyond;
  if (!first) return;
  const others = beyond.length > 1 ? ` and ${beyond.length - 1} other tensors` : "";
  host.warn(`Numbers of “${first.name}”${others} are beyond 65,504, the largest of float16, and become infinity.`);
}
