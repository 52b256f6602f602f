import {
  readSafetensors,
  type StoredTensor,
  type TensorToWrite,
  toFloat32,
  writeSafetensors,
} from "#models/files/safetensors";
import { matches } from "#models/patterns";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import type { Weights } from "../core/values";

export const merge = defineNode({
  type: "weights.merge",
  title: "Merge adapters",
  description: "Folds LoRA adapters into the matrices they adapt: plain weights that cost nothing extra.",
  docs: `W ← W + (α / rank)·A·B, in float64; \`lora_A\` and \`lora_B\` are left out of the result. The adapted matrices
become float32, or stay float64; every other tensor is kept as it is, bit by bit, whatever its element type.`,
  version: 1,
  inputs: { weights: port.weights() },
  outputs: { weights: port.weights() },
  params: {},
  async run({ host, inputs }) {
    const { ref, lora = [], frozen: _, ...rest } = inputs.weights;
    if (!ref)
      throw Object.assign(new Error("These weights were not trained or loaded, so there is nothing to merge."), {
        hint: "Wire the weights of a trainer or a checkpoint.",
      });
    const { tensors, metadata } = readSafetensors(await host.get(ref));
    const adapters = adaptersOf(tensors, lora);
    if (!adapters.size) {
      host.warn("The checkpoint holds no adapters; it is passed on as it is.");
      return { weights: { ...rest, ref } };
    }
    const gone = new Set([...adapters.keys()].flatMap((name) => [`${name}.lora_A`, `${name}.lora_B`]));
    const list = [...tensors].flatMap(([name, tensor]): TensorToWrite[] => {
      if (gone.has(name)) return [];
      const adapter = adapters.get(name);
      return [adapter ? merged(name, tensor, adapter) : { name, ...tensor }];
    });
    return { weights: { ...rest, ref: await host.put(writeSafetensors(list, { metadata })) } };
  },
});

interface Adapter {
  /** [n, rank] and [rank, m]. */
  a: StoredTensor;
  b: StoredTensor;
  scale: number;
}

/** The adapters of a checkpoint, by the name of the matrix that they adapt. */
function adaptersOf(
  tensors: ReadonlyMap<string, StoredTensor>,
  lora: NonNullable<Weights["lora"]>,
): Map<string, Adapter> {
  const found = new Map<string, Adapter>();
  for (const [name, base] of tensors) {
    const a = tensors.get(`${name}.lora_A`);
    const b = tensors.get(`${name}.lora_B`);
    if (!a || !b) continue;
    const settings = lora.find(({ targets }) => matches(name, targets));
    if (!settings)
      throw Object.assign(new Error(`The checkpoint does not say by what the adapter of “${name}” is scaled.`), {
        hint: "Put a LoRA node between the checkpoint and this node, with the rank and alpha it was trained with.",
      });
    const [n, m] = base.shape;
    const fits = a.shape.join() === [n, settings.rank].join() && b.shape.join() === [settings.rank, m].join();
    if (!fits)
      throw Object.assign(
        new Error(
          `The adapter of “${name}” [${base.shape.join(", ")}] is [${a.shape.join(", ")}] and [${b.shape.join(", ")}], ` +
            `which is not of rank ${settings.rank}.`,
        ),
        { hint: "Set the rank of the LoRA node before this one to that of the training." },
      );
    found.set(name, { a, b, scale: settings.alpha / settings.rank });
  }
  return found;
}

/** W [n, m] + scale · A [n, rank] · B [rank, m]. */
function merged(name: string, base: StoredTensor, { a, b, scale }: Adapter): TensorToWrite {
  const left = toFloat32(a, `${name}.lora_A`);
  const right = toFloat32(b, `${name}.lora_B`);
  const [rank = 1, columns = 1] = b.shape;
  const add = (value: number, place: number): number => {
    const row = Math.floor(place / columns) * rank;
    const column = place % columns;
    let sum = 0;
    for (let r = 0; r < rank; r++) sum += (left[row + r] as number) * (right[r * columns + column] as number);
    return value + scale * sum;
  };
  const data = base.dtype === "F64" ? toFloat64(base).map(add) : toFloat32(base, name).map(add);
  return { name, shape: base.shape, data };
}

const toFloat64 = ({ data }: StoredTensor): Float64Array => new Float64Array(data.slice().buffer);
