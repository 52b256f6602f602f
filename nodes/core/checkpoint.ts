/** The checkpoint behind a weights handle, and how tensors of it are read and stored without holding the whole. */
import { type Checkpoint, openCheckpoint, type TensorAddress } from "#models/files/checkpoint";
import { errorsName } from "#models/files/quantized";
import type { StreamedTensor } from "#models/files/safetensors";
import type { Host } from "./host";
import type { Weights } from "./values";

type Reader = Pick<Host, "size" | "read">;

/** The files that hold a handle's tensors, by reference. */
export function filesOf({ ref, shards = [] }: Weights): string[] {
  return ref === undefined ? [] : [ref, ...shards.map((shard) => shard.ref)];
}

/** Files, by reference, as a handle names them. */
export function weightsIn([ref, ...others]: readonly string[]): Pick<Weights, "ref" | "shards"> {
  return others.length ? { ref, shards: others.map((other) => ({ ref: other })) } : { ref };
}

/** Where the tensors of a handle lie, in files named by their references. Headers are read, and nothing else. */
export function checkpointOf({ size, read }: Reader, weights: Weights): Promise<Checkpoint> {
  return openCheckpoint(filesOf(weights), async (ref) => ({
    size: await size(ref),
    read: (start, end) => read(ref, start, end),
  }));
}

/** Read at a time: a multiple of every element's width. */
const pieceBytes = 2 ** 24;

/** A tensor's bytes, piece by piece; every piece begins and ends with an element. */
export async function* piecesOf(
  { read }: Reader,
  { file, start, end }: TensorAddress,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for (let begin = start; begin < end; begin += pieceBytes) yield read(file, begin, Math.min(end, begin + pieceBytes));
}

/** A tensor as it is, to be written elsewhere. */
export function carried(reader: Reader, name: string, address: TensorAddress): StreamedTensor {
  const { dtype, shape, start, end } = address;
  return { name, dtype, shape, bytes: end - start, parts: () => piecesOf(reader, address) };
}

/** What quantization cost each matrix that lies in blocks, in their order. */
export async function errorsIn({ read }: Reader, { tensors }: Checkpoint): Promise<number[]> {
  const address = tensors.get(errorsName);
  if (address?.dtype !== "F64") return [];
  const bytes = await read(address.file, address.start, address.end);
  return [...new Float64Array(bytes.slice().buffer)];
}
