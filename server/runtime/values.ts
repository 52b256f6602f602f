import type { DType } from "#models/onnx/graph";
import type { ImageBatch, PortType, PortValue, Tensor } from "#nodes/core/values";
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

const storeTensor = async (tensor: Tensor, blobs: Blobs): Promise<StoredTensor> => ({
  dtype: tensor.dtype,
  shape: [...tensor.shape],
  ref: await blobs.put(new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength), {
    durable: false,
  }),
});
const loadTensor = async ({ dtype, shape, ref }: StoredTensor, blobs: Blobs): Promise<Tensor> => ({
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
      "files" in value ? storePictures(value.files, blobs) : { pixels: await storeTensor(value.pixels, blobs) },
    load: async (stored: { files: [] } | { pixels: StoredTensor } | StoredList, blobs) => {
      if (isStoredList(stored)) return (await loadList(stored, blobs)) as ImageBatch;
      return "files" in stored ? stored : { pixels: await loadTensor(stored.pixels, blobs) };
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
  image: (value, rows) =>
    "files" in value
      ? { files: Array.from(rows, (row) => value.files[row] as never) }
      : { pixels: takeRows(value.pixels, rows) },
  tensor: (value, rows) => takeRows(value, rows),
};

/** Rows `from` up to `to`, without a copy. */
export const rowsOf = (tensor: Tensor, from: number, to: number): Tensor => {
  const stride = tensor.data.length / (tensor.shape[0] as number);
  return {
    ...tensor,
    shape: [to - from, ...tensor.shape.slice(1)],
    data: tensor.data.subarray(from * stride, to * stride) as Tensor["data"],
  };
};

export function takeRows(tensor: Tensor, rows: ArrayLike<number>): Tensor {
  const stride = tensor.shape.slice(1).reduce((a, b) => a * b, 1);
  const Type = arrays[tensor.dtype];
  const source = tensor.data as Float32Array;
  const data = new Type(rows.length * stride) as Float32Array;
  for (let i = 0; i < rows.length; i++)
    data.set(source.subarray((rows[i] as number) * stride, ((rows[i] as number) + 1) * stride), i * stride);
  return { dtype: tensor.dtype, shape: [rows.length, ...tensor.shape.slice(1)], data };
}

/** How many rows a batch value has; undefined for values that are no batch. */
export function rowCount(type: PortType, value: unknown): number | undefined {
  if (type === "text") return (value as string[]).length;
  if (type === "tensor") return (value as Tensor).shape[0];
  if (type !== "image") return undefined;
  const images = value as ImageBatch;
  return "files" in images ? images.files.length : images.pixels.shape[0];
}
