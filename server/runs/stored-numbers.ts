/** Numbers of a stored tensor as JavaScript's, read by range. */
import { fromHalf } from "#models/files/half";
import type { DType } from "#models/onnx/graph";
import type { Blobs } from "../storage/blobs";

const readers: Record<DType, { bytes: number; read(view: DataView, place: number): number }> = {
  float32: { bytes: 4, read: (view, place) => view.getFloat32(place, true) },
  float64: { bytes: 8, read: (view, place) => view.getFloat64(place, true) },
  float16: { bytes: 2, read: (view, place) => fromHalf(view.getUint16(place, true)) },
  int64: { bytes: 8, read: (view, place) => Number(view.getBigInt64(place, true)) },
  int32: { bytes: 4, read: (view, place) => view.getInt32(place, true) },
  uint8: { bytes: 1, read: (view, place) => view.getUint8(place) },
  bool: { bytes: 1, read: (view, place) => view.getUint8(place) },
};

/** So many numbers of a blob of one element type, from one of them on. */
export async function numbersOf(
  blobs: Blobs,
  { ref, dtype, first, count }: { ref: string; dtype: DType; first: number; count: number },
): Promise<number[]> {
  const { bytes, read } = readers[dtype];
  const part = await blobs.read(ref, first * bytes, (first + count) * bytes);
  const view = new DataView(part.buffer, part.byteOffset, part.byteLength);
  return Array.from({ length: count }, (_, i) => read(view, i * bytes));
}
