/** Weights of a model that stay in their file: of them only what they are is read, and that they are no masks. */
import type { TensorProto } from "onnx-buf";
import { decode } from "../../files/element-types";
import type { StoredNumbers } from "../graph";
import { type Beside, checkBounds, fileOf, pathInFolder } from "./external";
import type { Source } from "./fields";
import type { TensorSpan } from "./scan";
import { byteLengthOf, type FileTensor, unreadTensor } from "./tensor";

export interface Whereabouts {
  source: Source;
  beside: Beside;
  /** What a file is called for whoever reads the numbers later: the model's own, or one beside it by its path. */
  fileName(path?: string): string | undefined;
}

/** Element types that are read from their file as they are, as safetensors calls them. */
const storedTypes: Readonly<Record<number, string>> = { 1: "F32", 10: "F16", 16: "BF16" };
/** Smaller tensors are held: they may be sizes, scales or bounds. */
const smallBytes = 2 ** 16;
const pieceBytes = 2 ** 20;

/** A number that no weight has: it belongs to a mask. */
export const maskBound = 1e30;

/** A large tensor of weights as a place in its file; undefined for all others, which are read. */
export async function storedWeight(
  head: TensorProto,
  { external, raw }: TensorSpan,
  { source, beside, fileName }: Whereabouts,
): Promise<FileTensor | undefined> {
  const dtype = storedTypes[head.dataType];
  const file = fileName(external && pathInFolder(external));
  if (dtype === undefined || file === undefined || (!external && !raw)) return undefined;
  const bytes = byteLengthOf(head);
  const start = external?.offset ?? raw?.start ?? 0;
  if (bytes < smallBytes || (raw && raw.end - raw.start !== bytes)) return undefined;
  const found = external ? await fileOf(external, beside) : source;
  if (external) checkBounds(external, bytes, found.size);
  const tensor = unreadTensor(head);
  const stored: StoredNumbers = { file, dtype, shape: tensor.shape, start, end: start + bytes };
  return (await areWeights(found, stored)) ? { ...tensor, stored } : undefined;
}

async function areWeights(source: Source, { dtype, start, end }: StoredNumbers): Promise<boolean> {
  for (let at = start; at < end; at += pieceBytes) {
    const bytes = await source.read(at, Math.min(end, at + pieceBytes));
    const numbers = decode(dtype, bytes as Uint8Array<ArrayBuffer>);
    if (!numbers || !areBelow(numbers, maskBound)) return false;
  }
  return true;
}

/** A loop: of hundreds of millions of numbers, a call for each is what takes the time. */
function areBelow(numbers: Float32Array, bound: number): boolean {
  for (let i = 0; i < numbers.length; i++) {
    if (!(Math.abs(numbers[i] as number) < bound)) return false;
  }
  return true;
}
