/**
 * Matrices in blocks of 4-bit or 8-bit integers with a scale each, as a .safetensors file has them: for a matrix `w`
 * the tensors `w.int4` (or `w.int8`) and `w.scales`, and what they mean in the metadata under `quantized`.
 */
import * as z from "zod";
import type { Checkpoint, TensorAddress } from "./checkpoint";
import { SafetensorsError } from "./safetensors";

/** How a matrix is laid out in blocks. */
export interface BlockLayout {
  /** Of the matrix. */
  shape: readonly [number, number];
  bits: 4 | 8;
  /** Numbers that share a scale, along `axis`. */
  block: number;
  /** The axis that blocks lie along, the one that a product sums over: 0 of [in, out], 1 of [out, in]. */
  axis: 0 | 1;
}

export interface QuantizedTensor extends BlockLayout {
  /**
   * uint8 [outer, blocks, block·bits / 8]: integers plus 2^(bits − 1). Of two in a byte the first is the lower half.
   */
  values: TensorAddress;
  /** [outer, blocks]. */
  scales: TensorAddress;
  /** The element type that it was made of. */
  source: string;
}

const described = z.array(
  z.object({
    name: z.string(),
    shape: z.tuple([z.int().min(1), z.int().min(1)]),
    bits: z.union([z.literal(4), z.literal(8)]),
    block: z.int().min(16).max(4096),
    axis: z.union([z.literal(0), z.literal(1)]),
    source: z.string().max(20),
  }),
);
/** What the metadata says of a matrix in blocks. */
export type QuantizedDescription = BlockLayout & { name: string; source: string };

/** The metadata of a file that holds matrices in blocks. */
export const quantizedMetadata = (list: readonly QuantizedDescription[]): Record<string, string> => ({
  quantized: JSON.stringify(list),
});

/** What the quantization cost each of the described matrices, in their order: float64 [matrices], ‖Ŵ − W‖ / ‖W‖. */
export const errorsName = "quantized.errors";

/** What a matrix in blocks is called in a file. */
export const partNames = (name: string, bits: 4 | 8) => ({ values: `${name}.int${bits}`, scales: `${name}.scales` });

/** The matrices of a checkpoint that lie in blocks, by name. Throws where they are not what the metadata says. */
export function quantizedIn({ tensors, metadata }: Checkpoint): Map<string, QuantizedTensor> {
  const found = new Map<string, QuantizedTensor>();
  if (metadata.quantized === undefined) return found;
  for (const { name, ...description } of parsed(metadata.quantized)) {
    const names = partNames(name, description.bits);
    const values = tensors.get(names.values);
    const scales = tensors.get(names.scales);
    const [outer, blocks, bytes] = blockShape(description);
    const fits = values?.dtype === "U8" && values.shape.join() === [outer, blocks, bytes].join();
    if (!values || !scales || !fits || scales.dtype !== "F32" || scales.shape.join() !== [outer, blocks].join())
      throw damaged(`“${names.values}” and “${names.scales}” are not the blocks that its metadata describes`);
    found.set(name, { ...description, values, scales });
  }
  return found;
}

/** Names of tensors that mean something only together: blocks, scales, and what they cost. */
export function partsOf(quantized: ReadonlyMap<string, QuantizedTensor>): Set<string> {
  const parts = [...quantized].flatMap(([name, { bits }]) => Object.values(partNames(name, bits)));
  return new Set(quantized.size ? [...parts, errorsName] : []);
}

/** The shapes of what nodes may ask for, by name: tensors as they are, and matrices that lie in blocks. */
export function shapesIn(
  { tensors }: Pick<Checkpoint, "tensors">,
  quantized: ReadonlyMap<string, QuantizedTensor>,
): Map<string, readonly number[]> {
  const shapes = new Map([...tensors, ...quantized].map(([name, { shape }]) => [name, shape]));
  for (const part of partsOf(quantized)) shapes.delete(part);
  return shapes;
}

function parsed(text: string): QuantizedDescription[] {
  try {
    return described.parse(JSON.parse(text));
  } catch {
    throw damaged("its metadata “quantized” does not describe matrices in blocks");
  }
}

const damaged = (what: string): SafetensorsError => new SafetensorsError(`The checkpoint cannot be read: ${what}.`);

/** Rows of blocks, blocks in each, and bytes of a block. */
export function blockShape({ shape, bits, block, axis }: BlockLayout): [outer: number, blocks: number, bytes: number] {
  const [inner, outer] = axis === 0 ? shape : ([shape[1], shape[0]] as const);
  return [outer, inner / block, (block * bits) / 8];
}

/** Rows of blocks that are taken together: what lies apart in memory is read in runs of so many numbers. */
const rowsTogether = 32;

/** A matrix in blocks. The axis must be whole blocks long. `error` is ‖Ŵ − W‖ / ‖W‖. */
export function quantizeMatrix(
  numbers: Float32Array,
  layout: BlockLayout,
): { values: Uint8Array<ArrayBuffer>; scales: Float32Array<ArrayBuffer>; error: number } {
  const { bits, block } = layout;
  const [outer, blocks] = blockShape(layout);
  const [outerStep, innerStep] = stepsOf(layout);
  const values = new Uint8Array((outer * blocks * block * bits) / 8);
  const scales = new Float32Array(outer * blocks);
  const gathered = new Float32Array(rowsTogether * block);
  const loss = { wrong: 0, all: 0 };
  for (let row = 0; row < outer; row += rowsTogether) {
    const rows = Math.min(rowsTogether, outer - row);
    for (let b = 0; b < blocks; b++) {
      const start = row * outerStep + b * block * innerStep;
      for (let i = 0; i < block; i++) {
        for (let r = 0; r < rows; r++) {
          gathered[r * block + i] = numbers[start + r * outerStep + i * innerStep] as number;
        }
      }
      for (let r = 0; r < rows; r++) {
        const place = (row + r) * blocks + b;
        scales[place] = quantizeBlock(gathered, r * block, { bits, block, values, place }, loss);
      }
    }
  }
  return { values, scales, error: loss.all ? Math.sqrt(loss.wrong / loss.all) : 0 };
}

interface BlockTarget {
  bits: 4 | 8;
  block: number;
  values: Uint8Array;
  /** The number of the block among all. */
  place: number;
}

/** Writes one block, adds up what it loses, and gives its scale. */
function quantizeBlock(
  numbers: Float32Array,
  start: number,
  { bits, block, values, place }: BlockTarget,
  loss: { wrong: number; all: number },
): number {
  // The number that is furthest from zero becomes the lowest integer, of which there is one more than of positive ones.
  let furthest = 0;
  for (let i = 0; i < block; i++) {
    const x = numbers[start + i] as number;
    if (Math.abs(x) > Math.abs(furthest)) furthest = x;
  }
  const middle = 2 ** (bits - 1);
  const scale = Math.fround(furthest / -middle);
  const inverse = scale ? 1 / scale : 0;
  let wrong = 0;
  let all = 0;
  for (let i = 0; i < block; i++) {
    const x = numbers[start + i] as number;
    const level = Math.min(2 * middle - 1, Math.max(0, Math.floor(x * inverse + 0.5) + middle));
    const at = place * block + i;
    if (bits === 8) values[at] = level;
    else values[at >> 1] = (values[at >> 1] as number) | (level << (4 * (at & 1)));
    wrong += (x - scale * (level - middle)) ** 2;
    all += x * x;
  }
  loss.wrong += wrong;
  loss.all += all;
  return scale;
}

/** The numbers of a matrix in blocks, in its own shape. */
export function dequantize(values: Uint8Array, scales: Float32Array, layout: BlockLayout): Float32Array<ArrayBuffer> {
  const { shape, bits, block } = layout;
  const [outer, blocks] = blockShape(layout);
  const [outerStep, innerStep] = stepsOf(layout);
  const middle = 2 ** (bits - 1);
  const numbers = new Float32Array(shape[0] * shape[1]);
  for (let row = 0; row < outer; row++) {
    for (let inner = 0; inner < blocks * block; inner++) {
      const at = row * blocks * block + inner;
      const level = bits === 8 ? (values[at] as number) : ((values[at >> 1] as number) >> (4 * (at & 1))) & 15;
      const scale = scales[Math.floor(at / block)] as number;
      numbers[row * outerStep + inner * innerStep] = scale * (level - middle);
    }
  }
  return numbers;
}

/** How far numbers lie apart along the outer axis and along that of the blocks. */
const stepsOf = ({ shape, axis }: BlockLayout): [outer: number, inner: number] =>
  axis === 0 ? [1, shape[1]] : [shape[1], 1];
