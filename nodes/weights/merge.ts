import type { Checkpoint, TensorAddress } from "#models/files/checkpoint";
import { quantizedIn } from "#models/files/quantized";
import { type StoredTensor, type StreamedTensor, streamSafetensors, toFloat32 } from "#models/files/safetensors";
import { adapterScale, adaptersIn, type FoundAdapter, lengthsOf } from "../core/adapters";
import { carried, checkpointOf } from "../core/checkpoint";
import type { Host } from "../core/host";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const merge = defineNode({
  type: "weights.merge",
  title: "Merge adapters",
  description: "Folds LoRA adapters into the matrices they adapt: plain weights that cost nothing extra.",
  synonyms: ["merge_and_unload", "fuse", "bake"],
  docs: `W ← W + (α / rank)·A·B, in float64, and with DoRA to the length that was trained; \`lora_A\`, \`lora_B\` and
\`lora_M\` are left out of the result. The adapted matrices
become float32, or stay float64; every other tensor is kept as it is, bit by bit, whatever its element type.`,
  version: 1,
  inputs: { weights: port.weights() },
  outputs: { weights: port.weights() },
  params: {},
  marks: () => ({ forgets: true }),
  async run({ host, inputs }) {
    const { ref, shards, lora = [], frozen: _, ...rest } = inputs.weights;
    if (!ref)
      throw Object.assign(new Error("These weights were not trained or loaded, so there is nothing to merge."), {
        hint: "Wire the weights of a trainer or a checkpoint.",
      });
    const checkpoint = await checkpointOf(host, inputs.weights);
    const { tensors, metadata } = checkpoint;
    refuseBlocks(checkpoint);
    const adapters = adaptersIn(tensors, lora);
    if (!adapters.size) {
      host.warn("The checkpoint holds no adapters; it is passed on as it is.");
      return { weights: { ...rest, ref, ...(shards && { shards }) } };
    }
    const gone = new Set([...adapters.keys()].flatMap((name) => ["A", "B", "M"].map((part) => `${name}.lora_${part}`)));
    const list = [...tensors].flatMap(([name, address]): StreamedTensor[] => {
      if (gone.has(name)) return [];
      const adapter = adapters.get(name);
      return [adapter ? merged(host, name, address, adapter) : carried(host, name, address)];
    });
    const stored = await host.putParts(streamSafetensors(list, metadata));
    return { weights: { ...rest, ref: stored.ref } };
  },
});

/** What is folded into blocks would be rounded away. */
function refuseBlocks(checkpoint: Checkpoint): void {
  const names = [...quantizedIn(checkpoint).keys()];
  const adapted = names.find((name) => checkpoint.tensors.has(`${name}.lora_A`));
  if (adapted === undefined) return;
  throw Object.assign(new Error(`The matrix “${adapted}” is quantized, and its adapter cannot be folded into it.`), {
    hint: "Merge the adapters into the weights as they were before, and quantize what comes out.",
  });
}

/** W [n, m] + scale · A [n, rank] · B [rank, m]; one tensor of them is held at a time. */
function merged(host: Host, name: string, address: TensorAddress, { a, b, m, settings }: FoundAdapter): StreamedTensor {
  const scale = adapterScale(settings);
  const read = async ({ file, dtype, shape, start, end }: TensorAddress): Promise<StoredTensor> => ({
    dtype,
    shape,
    data: await host.read(file, start, end),
  });
  async function* parts() {
    const left = toFloat32(await read(a), `${name}.lora_A`);
    const right = toFloat32(await read(b), `${name}.lora_B`);
    const [rank = 1, columns = 1] = b.shape;
    const add = (value: number, place: number): number => {
      const row = Math.floor(place / columns) * rank;
      const column = place % columns;
      let sum = 0;
      for (let r = 0; r < rank; r++) sum += (left[row + r] as number) * (right[r * columns + column] as number);
      return value + scale * sum;
    };
    const base = await read(address);
    const numbers = isWide ? toFloat64(base) : toFloat32(base, name);
    const sums = numbers.map(add);
    if (settings.dora) {
      const longer = m && toFloat32(await read(m), `${name}.lora_M`);
      bringToLength(sums, { numbers, columns, longer, inputAxis: settings.inputAxis ?? 0 });
    }
    yield new Uint8Array(sums.buffer);
  }
  const isWide = address.dtype === "F64";
  const count = address.shape.reduce((product, size) => product * size, 1);
  return { name, dtype: isWide ? "F64" : "F32", shape: address.shape, bytes: count * (isWide ? 8 : 4), parts };
}

/** Gives what each output reads in the sums the length that it has in the base, and what it was made longer. */
function bringToLength(
  sums: Float32Array | Float64Array,
  base: { numbers: ArrayLike<number>; columns: number; longer?: Float32Array; inputAxis: 0 | 1 },
): void {
  const { numbers, columns, longer, inputAxis } = base;
  const size = [sums.length / columns, columns] as const;
  const wanted = lengthsOf(numbers, size, inputAxis);
  const found = lengthsOf(sums, size, inputAxis);
  const factors = found.map((length, output) => ((wanted[output] as number) + (longer?.[output] ?? 0)) / length);
  for (const place of sums.keys()) {
    const output = inputAxis ? Math.floor(place / columns) : place % columns;
    sums[place] = (sums[place] as number) * (factors[output] as number);
  }
}

const toFloat64 = ({ data }: StoredTensor): Float64Array<ArrayBuffer> =>
  new Float64Array(data.slice().buffer as ArrayBuffer);
