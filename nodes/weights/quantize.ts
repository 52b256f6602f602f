import * as z from "zod";
import type { Checkpoint, TensorAddress } from "#models/files/checkpoint";
import { decode, isReadable } from "#models/files/element-types";
import {
  type BlockLayout,
  blockShape,
  errorsName,
  partNames,
  type QuantizedDescription,
  quantizedIn,
  quantizedMetadata,
  quantizeMatrix,
} from "#models/files/quantized";
import { type StreamedTensor, streamSafetensors } from "#models/files/safetensors";
import { listOf, matches } from "#models/patterns";
import { carried, checkpointOf, errorsIn } from "../core/checkpoint";
import type { Host } from "../core/host";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const quantize = defineNode({
  type: "weights.quantize",
  title: "Quantize",
  description: "Matrices in 4-bit or 8-bit blocks: an eighth or a quarter of the memory, for models that run.",
  synonyms: ["int4", "int8", "bitsandbytes", "load_in_4bit", "compress"],
  docs: `Numbers of a block, which lie along the axis that a product sums over, share a float32 scale: the number that
is furthest from zero becomes −2^(bits − 1), all others the nearest integer (symmetric, round to nearest; as llama.cpp's
Q4_0 and Q8_0). Int4 in blocks of 32 takes 5 bits a number, in blocks of 128 4.25.

Products with such a matrix are computed from the blocks (ONNX Runtime's MatMulNBits, activations rounded to 8 bits);
where anything else reads it, and where its blocks lie along the other axis (*Matrices are*), it becomes float32 as the
model is loaded: right, and nothing spared. Matrices are converted one after the other: the whole is never in memory.

Taken are matrices of at least *Smallest* numbers whose names fit, whose size along that axis is whole blocks, and that
hold floating-point numbers; embeddings are left alone unless they are named. All else is carried as it is.

The matrices are frozen: a training computes with their numbers and passes gradients through them, so LoRA trains on
top. Merge adapters before quantizing.`,
  version: 1,
  inputs: { weights: port.weights() },
  outputs: { weights: port.weights() },
  params: {
    bits: z.enum(["int4", "int8"]).default("int4").meta({ label: "Numbers" }),
    block: z.enum(["32", "128"]).default("32").meta({ label: "Block", description: "Numbers that share a scale." }),
    names: z
      .string()
      .max(10_000)
      .default("*")
      .meta({ widget: "textarea", description: "Patterns of names, one per line; * is any letters." }),
    spared: z.string().max(10_000).default("*embed*\n*wte*\n*wpe*").meta({
      label: "Left alone",
      widget: "textarea",
      description: "Patterns of names that stay as they are.",
    }),
    layout: z.enum(["as the file says", "in × out", "out × in"]).default("as the file says").meta({
      label: "Matrices are",
      description: "In × out in what Patchbay trained; out × in in files of PyTorch, which say so (“format”: “pt”).",
      advanced: true,
    }),
    smallest: z.int().min(1).default(65_536).meta({ label: "Smallest", unit: "numbers", advanced: true }),
  },
  async run({ host, inputs, params }) {
    const { ref, shards: _, frozen = [], ...rest } = inputs.weights;
    if (!ref)
      throw Object.assign(new Error("These weights were not trained or loaded, so there is nothing to quantize."), {
        hint: "Wire the weights of a trainer or a checkpoint.",
      });
    const checkpoint = await checkpointOf(host, inputs.weights);
    const { tensors, metadata } = checkpoint;
    const isTurned = params.layout === "as the file says" ? metadata.format === "pt" : params.layout === "out × in";
    const layouts = layoutsOf(tensors, params, isTurned ? 1 : 0);
    if (!layouts.size) {
      host.warn("No matrix fits the names, the size and the block; the weights are passed on as they are.");
      return { weights: inputs.weights };
    }
    const { list, described } = await rewritten(host, checkpoint, layouts);
    const stored = await host.putParts(streamSafetensors(list, { ...metadata, ...quantizedMetadata(described) }));
    return { weights: { ...rest, ref: stored.ref, frozen: [...frozen, ...layouts.keys()] } };
  },
});

/** The tensors of the new file, in their order, with what it says of its matrices in blocks; last what these cost. */
async function rewritten(host: Host, checkpoint: Checkpoint, layouts: ReadonlyMap<string, BlockLayout>) {
  const before = quantizedIn(checkpoint);
  const described = [...before].map(([name, { values, scales, ...rest }]): QuantizedDescription => ({ name, ...rest }));
  const errors = await errorsIn(host, checkpoint);
  const list: StreamedTensor[] = [];
  for (const [name, address] of checkpoint.tensors) {
    const layout = layouts.get(name);
    if (!layout && name !== errorsName) list.push(carried(host, name, address));
    if (!layout) continue;
    const onError = (error: number) => {
      errors.push(error);
      host.progress(errors.length - before.size, layouts.size, name);
    };
    described.push({ name, ...layout, source: address.dtype });
    list.push(...quantized({ host, name, address, layout, onError }));
  }
  const parts = () => [new Uint8Array(Float64Array.from(errors).buffer)];
  list.push({ name: errorsName, dtype: "F64", shape: [described.length], bytes: 8 * described.length, parts });
  return { list, described };
}

interface Choice {
  bits: "int4" | "int8";
  block: "32" | "128";
  names: string;
  spared: string;
  smallest: number;
}

/** The matrices that are taken, and how each is laid out. */
function layoutsOf(tensors: ReadonlyMap<string, TensorAddress>, choice: Choice, axis: 0 | 1): Map<string, BlockLayout> {
  const [names, spared] = [listOf(choice.names), listOf(choice.spared)];
  const isNamed = (name: string) => names.includes(name) || (matches(name, names) && !matches(name, spared));
  const block = Number(choice.block);
  const bits = choice.bits === "int4" ? 4 : 8;
  const layouts = new Map<string, BlockLayout>();
  for (const [name, { dtype, shape }] of tensors) {
    const [rows = 0, columns = 0] = shape;
    const isMatrix = shape.length === 2 && rows * columns >= choice.smallest && isReadable(dtype);
    if (!isMatrix || name.includes("lora_") || !isNamed(name)) continue;
    if ((shape[axis] as number) % block === 0) layouts.set(name, { shape: [rows, columns], bits, block, axis });
  }
  return layouts;
}

interface Conversion {
  host: Host;
  name: string;
  address: TensorAddress;
  layout: BlockLayout;
  /** Is told what the conversion cost, when it was made. */
  onError(error: number): void;
}

/** A matrix as it is written: its blocks, and their scales, which are known by then. */
function quantized({ host, name, address, layout, onError }: Conversion): StreamedTensor[] {
  const [outer, blocks, bytes] = blockShape(layout);
  const names = partNames(name, layout.bits);
  let scales = new Float32Array();
  async function* valueParts() {
    host.signal.throwIfAborted();
    const numbers = decode(address.dtype, await host.read(address.file, address.start, address.end));
    const made = quantizeMatrix(numbers as Float32Array, layout);
    scales = made.scales;
    onError(made.error);
    yield made.values;
  }
  function* scaleParts() {
    yield new Uint8Array(scales.buffer);
    scales = new Float32Array();
  }
  return [
    {
      name: names.values,
      dtype: "U8",
      shape: [outer, blocks, bytes],
      bytes: outer * blocks * bytes,
      parts: valueParts,
    },
    { name: names.scales, dtype: "F32", shape: [outer, blocks], bytes: 4 * outer * blocks, parts: scaleParts },
  ];
}
