import type { DType } from "#models/onnx/graph";
import type { ImageBatch, PortType, PortValue, Tensor } from "#nodes/core/values";
import { countsOfRows, itemsOfRows, startsOf } from "#nodes/core/packed";
import type { Blobs } from "../storage/blobs";
import { isStoredList, loadList, type StoredList, storePictures, storeTexts } from "./lists";
import type { StoredTensor } from "../storage/stored-rows";

export type { StoredTensor };

const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  int64: BigInt64Array,
  int32: Int32Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const;

/** Bytes to a typed array of the element type, without a copy where the alignment allows. */
export function asArray(dtype: DType, bytes: Uint8Array): Tensor["data"] {
  const Type = arrays[dtype];
  const aligned = bytes.byteOffset % Type.BYTES_PER_ELEMENT === 0 ? bytes : new Uint8Array(bytes);
  return new Type(aligned.buffer as ArrayBuffer, aligned.byteOffset, aligned.byteLength / Type.BYTES_PER_ELEMENT);
}

/** The counts of a packed value, beside what else is kept of it. */
const countsIn = ({ counts }: { counts?: readonly number[] }) => (counts ? { counts } : {});

const storeTensor = async (tensor: Tensor, blobs: Blobs): Promise<StoredTensor> => ({
  ...countsIn(tensor),
  dtype: tensor.dtype,
  shape: [...tensor.shape],
  ref: await blobs.put(new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength), {
    durable: false,
  }),
});
const loadTensor = async ({ dtype, shape, ref, counts }: StoredTensor, blobs: Blobs): Promise<Tensor> => ({
  ...countsIn({ counts }),
  dtype,
  shape,
  data: asArray(dtype, await blobs.get(ref)),
});

interface Codec<V> {
  store(value: V, blobs: Blobs): Promise<unknown>;
  load(stored: never, blobs: Blobs): Promise<V>;
}
const plain = <V>(): Codec<V> => ({ store: async (value) => value, load: async (stored) => stored });

/** How each port type is kept. Adding a port type makes this table fail to compile until it has an entry. */
const codecs: { [T in PortType]: Codec<PortValue[T]> } = {
  image: {
    store: async (value: ImageBatch, blobs) =>
      "files" in value
        ? storePictures(value, blobs)
        : { ...countsIn(value), pixels: await storeTensor(value.pixels, blobs) },
    load: async (stored: { files: [] } | { pixels: StoredTensor; counts?: number[] } | StoredList, blobs) => {
      if (isStoredList(stored)) return { ...((await loadList(stored, blobs)) as ImageBatch), ...countsIn(stored) };
      return "files" in stored ? stored : { ...countsIn(stored), pixels: await loadTensor(stored.pixels, blobs) };
    },
  },
  tensor: { store: storeTensor, load: (stored: StoredTensor, blobs) => loadTensor(stored, blobs) },
  matrix: {
    store: async (value, blobs) => ({ ...value, values: await storeTensor(value.values, blobs) }),
    load: async (stored: Omit<PortValue["matrix"], "values"> & { values: StoredTensor }, blobs) => ({
      ...stored,
      values: await loadTensor(stored.values, blobs),
    }),
  },
  text: {
    store: storeTexts,
    load: async (stored: string[] | StoredList, blobs) =>
      isStoredList(stored) ? ((await loadList(stored, blobs)) as string[]) : stored,
  },
  number: plain(),
  weights: plain(),
  tokenizer: plain(),
  series: plain(),
  ranking: plain(),
  gallery: plain(),
  file: plain(),
  view: plain(),
};

export const storeValue = (type: PortType, value: unknown, blobs: Blobs): Promise<unknown> =>
  codecs[type].store(value as never, blobs);
export const loadValue = (type: PortType, stored: unknown, blobs: Blobs): Promise<unknown> =>
  codecs[type].load(stored as never, blobs);

/** Bytes per element. */
export const widthOf = (dtype: DType): number => arrays[dtype].BYTES_PER_ELEMENT;

/** Rows `rows` of a batch value, in that order. */
export const sliceRows: { [T in PortType]?: (value: PortValue[T], rows: ArrayLike<number>) => PortValue[T] } = {
  text: (value, rows) => Array.from(rows, (row) => value[row] as string),
  image(value, rows) {
    const { counts } = value;
    const items = counts ? itemsOfRows(counts, rows) : rows;
    const taken =
      "files" in value
        ? { files: Array.from(items, (item) => value.files[item] as never) }
        : { pixels: takeRows(value.pixels, items) };
    return counts ? { ...taken, counts: countsOfRows(counts, rows) } : taken;
  },
  tensor: (value, rows) => takeRows(value, rows),
};

/** Rows `from` up to `to`, without a copy. */
export const rowsOf = (tensor: Tensor, from: number, to: number): Tensor => {
  const { counts, shape } = tensor;
  const [first, end] = itemRange(counts, from, to);
  const stride = shape.slice(1).reduce((product, size) => product * size, 1);
  return {
    ...tensor,
    ...(counts ? { counts: counts.slice(from, to) } : {}),
    shape: [end - first, ...shape.slice(1)],
    data: tensor.data.subarray(first * stride, end * stride) as Tensor["data"],
  };
};

/** Which items rows `from` up to `to` have. */
export function itemRange(
  counts: readonly number[] | undefined,
  from: number,
  to: number,
): [first: number, end: number] {
  if (!counts) return [from, to];
  const starts = startsOf(counts);
  return [starts[from] as number, starts[to] as number];
}

export function takeRows(tensor: Tensor, rows: ArrayLike<number>): Tensor {
  const { counts } = tensor;
  const items = counts ? itemsOfRows(counts, rows) : rows;
  const stride = tensor.shape.slice(1).reduce((a, b) => a * b, 1);
  const Type = arrays[tensor.dtype];
  const source = tensor.data as Float32Array;
  const data = new Type(items.length * stride) as Float32Array;
  for (let i = 0; i < items.length; i++)
    data.set(source.subarray((items[i] as number) * stride, ((items[i] as number) + 1) * stride), i * stride);
  const taken = { dtype: tensor.dtype, shape: [items.length, ...tensor.shape.slice(1)], data };
  return counts ? { ...taken, counts: countsOfRows(counts, rows) } : taken;
}

/** How many rows a batch value has; undefined for values that are no batch. */
export function rowCount(type: PortType, value: unknown): number | undefined {
  if (type === "text") return (value as string[]).length;
  if (type !== "image" && type !== "tensor") return undefined;
  const { counts } = value as Tensor | ImageBatch;
  if (counts) return counts.length;
  if (type === "tensor") return (value as Tensor).shape[0];
  const images = value as ImageBatch;
  return "files" in images ? images.files.length : images.pixels.shape[0];
}
