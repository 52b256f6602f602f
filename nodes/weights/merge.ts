import { readSafetensors, toFloat32, writeSafetensors } from "#models/files/safetensors";
import { matches } from "#models/patterns";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const merge = defineNode({
  type: "weights.merge",
  title: "Merge adapters",
  description: "Folds LoRA adapters into the matrices they adapt: plain weights that cost nothing extra.",
  docs: `W ← W + (α / rank)·A·B, in float64; \`lora_A\` and \`lora_B\` are left out of the result. float32 and float16
checkpoints.`,
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
    const numbers = (name: string) => {
      const tensor = tensors.get(name);
      return tensor && toFloat32(tensor);
    };
    const bases = [...tensors].filter(([name]) => !/\.lora_[AB]$/.test(name));
    const list = bases.map(([name, tensor]) => {
      const base = toFloat32(tensor);
      const a = numbers(`${name}.lora_A`);
      const b = numbers(`${name}.lora_B`);
      const adapter = lora.find(({ targets }) => matches(name, targets));
      const data = a && b && adapter ? merged(base, a, b, adapter.rank, adapter.alpha / adapter.rank) : base;
      return { name, shape: tensor.shape, data };
    });
    if (list.length === tensors.size) host.warn("The checkpoint holds no adapters; it is passed on as it is.");
    return { weights: { ...rest, ref: await host.put(writeSafetensors(list, { metadata })) } };
  },
});

/** W [n, m] + scale · A [n, rank] · B [rank, m]. */
function merged(base: Float32Array, a: Float32Array, b: Float32Array, rank: number, scale: number): Float32Array {
  const m = b.length / rank;
  return base.map((value, place) => {
    const row = Math.floor(place / m) * rank;
    const column = place % m;
    let sum = 0;
    for (let r = 0; r < rank; r++) sum += (a[row + r] as number) * (b[r * m + column] as number);
    return value + scale * sum;
  });
}
