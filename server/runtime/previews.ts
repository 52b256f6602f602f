import { bitsOf } from "#models/files/element-types";
import { type QuantizedTensor, quantizedIn, shapesIn } from "#models/files/quantized";
import { sizeOf } from "#models/onnx/shape";
import { fromHalf } from "#models/files/half";
import { cutText } from "#models/files/text";
import type { DType } from "#models/onnx/graph";
import type { Host } from "#nodes/core/host";
import type { Preview, PreviewOf } from "#nodes/core/preview";
import type { ImageBatch, PortType, PortValue, Tensor } from "#nodes/core/values";
import { checkpointOf, errorsIn } from "#nodes/core/checkpoint";
import { takeRows } from "./values";

/** How much of a value the canvas is shown. */
const shown = {
  images: 12,
  texts: 20,
  /** Letters of all texts together, and of each where there are many. */
  letters: 8000,
  textLength: 200,
  head: 12,
  rankings: 12,
  labels: 10,
  cells: 32,
  points: 500,
  tensors: 200,
  samples: 65_536,
  bins: 32,
};

const first = (n: number, of: number): number[] => Array.from({ length: Math.min(n, of) }, (_, i) => i);

const numberAt = (dtype: DType, data: Tensor["data"], i: number): number =>
  dtype === "float16" ? fromHalf(data[i] as number) : Number(data[i]);

/** Statistics over at most `shown.samples` evenly spaced elements: a preview must not cost what the node cost. */
function statistics({ dtype, shape, data }: Tensor): PreviewOf["tensor"] {
  const head = first(shown.head, data.length).map((i) => numberAt(dtype, data, i));
  const stride = Math.max(1, Math.floor(data.length / shown.samples));
  const samples: number[] = [];
  for (let i = 0; i < data.length; i += stride) {
    const x = numberAt(dtype, data, i);
    if (Number.isFinite(x)) samples.push(x);
  }
  const odd = oddIn(dtype, shape, data);
  const result = { dtype, shape: [...shape], head, ...(odd ? { odd } : {}) };
  if (!samples.length) return result;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let sum = 0;
  let squares = 0;
  for (const x of samples) {
    min = Math.min(min, x);
    max = Math.max(max, x);
    sum += x;
    squares += x * x;
  }
  const mean = sum / samples.length;
  const histogram = Array<number>(shown.bins).fill(0);
  for (const x of samples) {
    const bin = Math.min(shown.bins - 1, Math.floor(((x - min) / (max - min || 1)) * shown.bins));
    histogram[bin] = (histogram[bin] as number) + 1;
  }
  return { ...result, min, max, mean, std: Math.sqrt(Math.max(0, squares / samples.length - mean * mean)), histogram };
}

/** What of a tensor is no number. All of them are looked at: one among millions spoils what reads it. */
function oddIn(dtype: DType, shape: readonly number[], data: Tensor["data"]): PreviewOf["tensor"]["odd"] {
  if (dtype !== "float32" && dtype !== "float64" && dtype !== "float16") return undefined;
  let [nan, infinite, first] = [0, 0, -1];
  for (let i = 0; i < data.length; i++) {
    const x = dtype === "float16" ? fromHalf(data[i] as number) : (data[i] as number);
    if (x - x === 0) continue; // finite
    if (first < 0) first = i;
    if (Number.isNaN(x)) nan++;
    else infinite++;
  }
  return first < 0 ? undefined : { nan, infinite, first: placeOf(first, shape) };
}

/** The place of a number on each axis. */
function placeOf(index: number, shape: readonly number[]): number[] {
  let rest = index;
  const place = [...shape].reverse().map((size) => {
    const at = rest % size;
    rest = Math.floor(rest / size);
    return at;
  });
  return place.reverse();
}

/**
 * One small picture of each kind of value. Adding a port type makes this table fail to compile until it has an entry.
 */
const previews: { [T in PortType]: (value: PortValue[T], host: Host) => Promise<PreviewOf[T]> } = {
  async image(value, host) {
    const rows = rowsOfPacked(value);
    if ("files" in value) {
      const items = await host.shownImages(value.files.slice(0, shown.images));
      return { count: value.files.length, ...rows, items: items.filter((item) => item !== undefined) };
    }
    const [count = 0, height, width] = value.pixels.shape;
    const items = await host.encodeImages(takeRows(value.pixels, first(shown.images, count)));
    return { count, ...rows, height, width, items };
  },
  async text(value) {
    const some = value.slice(0, shown.texts);
    const length = Math.max(shown.textLength, Math.floor(shown.letters / Math.max(1, some.length)));
    return { count: value.length, items: some.map((text) => cutText(text, length)) };
  },
  tensor: async (value) => ({ ...statistics(value), ...rowsOfPacked(value) }),
  number: async (value) => ({ value }),
  async weights(value, host) {
    const checkpoint = await checkpointOf(host, value);
    const quantized = quantizedIn(checkpoint);
    const errors = await errorsIn(host, checkpoint);
    const tensors = tensorsOf(shapesIn(checkpoint, quantized), quantized, errors);
    const parameters = tensors.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    const bytes = [...checkpoint.tensors.values()].reduce((sum, { start, end }) => sum + end - start, 0);
    return {
      ref: value.shards ? undefined : value.ref,
      parameters,
      tensors: tensors.slice(0, shown.tensors),
      count: tensors.length,
      bytes,
      ...(quantized.size ? { quantized: lossOf(quantized, bytes, errors) } : {}),
    };
  },
  async tokenizer(value) {
    const tokens = tokensOf(value.json as TokenizerJson);
    return { vocabulary: tokens.length, sample: tokens.slice(-shown.texts) };
  },
  async series(value) {
    const n = value.x.values.length;
    const stride = Math.ceil(n / shown.points) || 1;
    const keep = <V>(list: V[]) => list.filter((_, i) => i % stride === 0 || i === n - 1);
    return {
      x: { ...value.x, values: keep(value.x.values) },
      lines: value.lines.map((line) => ({ ...line, values: keep(line.values) })),
    };
  },
  async ranking(value, host) {
    const items = value.items.slice(0, shown.rankings);
    const images = await host.shownImages(items.map(({ image }) => image));
    return {
      items: items.map((item, i) => ({ ...item, image: images[i], labels: item.labels.slice(0, shown.labels) })),
    };
  },
  async matrix(value, host) {
    const [rows = 0, columns = 0] = value.values.shape;
    const r = first(shown.cells, rows);
    const c = first(shown.cells, columns);
    return {
      rows: value.rows.slice(0, shown.cells),
      columns: value.columns.slice(0, shown.cells),
      rowImages: value.rowImages && (await host.shownImages(value.rowImages.slice(0, shown.cells))),
      columnImages: value.columnImages && (await host.shownImages(value.columnImages.slice(0, shown.cells))),
      shape: [rows, columns],
      values: r.flatMap((i) => c.map((j) => numberAt(value.values.dtype, value.values.data, i * columns + j))),
    };
  },
  async gallery(value, host) {
    const images = await host.shownImages(value.images.slice(0, shown.images * 2));
    const captioned = images.flatMap((image, i) => (image ? [{ image, caption: value.captions[i] ?? "" }] : []));
    return {
      images: captioned.map(({ image }) => image),
      captions: captioned.map(({ caption }) => caption),
      count: value.images.length,
    };
  },
  file: async (value) => value,
  view: async (value) => value,
};

interface TokenizerJson {
  model?: { vocab?: Record<string, number> | readonly (readonly [token: string, score: number])[] };
}

/** The tokens of a vocabulary, which Unigram has as pairs and all others as an object. */
function tokensOf({ model: { vocab = {} } = {} }: TokenizerJson): string[] {
  return Array.isArray(vocab) ? vocab.map(([token]) => token) : Object.keys(vocab);
}

/** The tensors of a checkpoint; first the matrices in blocks, what lost most ahead. */
function tensorsOf(
  shapes: ReadonlyMap<string, readonly number[]>,
  quantized: ReadonlyMap<string, QuantizedTensor>,
  errors: readonly number[],
): PreviewOf["weights"]["tensors"] {
  const shapeOf = (name: string) => [...(shapes.get(name) ?? [])];
  const inBlocks = [...quantized].map(([name, { bits }], i) => ({
    name,
    shape: shapeOf(name),
    bits,
    error: errors[i],
  }));
  const others = [...shapes.keys()].filter((name) => !quantized.has(name));
  return [
    ...inBlocks.sort((a, b) => (b.error ?? 0) - (a.error ?? 0)),
    ...others.map((name) => ({ name, shape: shapeOf(name) })),
  ];
}

/** What matrices in blocks spare, and what they cost. */
function lossOf(quantized: ReadonlyMap<string, QuantizedTensor>, bytes: number, errors: readonly number[]) {
  let bytesBefore = bytes;
  for (const { shape, source, values, scales } of quantized.values()) {
    bytesBefore +=
      (sizeOf(shape) * (bitsOf(source) ?? 32)) / 8 - (values.end - values.start) - (scales.end - scales.start);
  }
  const most = errors.indexOf(Math.max(...errors));
  const worst = { name: [...quantized.keys()][most] ?? "", error: errors[most] ?? 0 };
  return { matrices: quantized.size, bytesBefore, worst };
}

/** What the canvas shows of a value. */
export async function previewOf(type: PortType, value: unknown, host: Host): Promise<Preview> {
  return { type, ...(await previews[type](value as never, host)) } as Preview;
}

/**
 * What the canvas shows of a value of so many rows, from the first of them. `items`: how many the rows of a packed
 * value have; where that is not known, it is shown by its first rows alone.
 */
export async function previewOfRows(
  type: PortType,
  sample: unknown,
  rows: number,
  host: Host,
  items?: number,
): Promise<Preview> {
  const preview = await previewOf(type, sample, host);
  if (preview.type === "text") return { ...preview, count: rows };
  if (preview.type !== "image" && preview.type !== "tensor") return preview;
  const isPacked = preview.rows !== undefined;
  if (isPacked && items === undefined) return preview;
  const whole = isPacked ? { rows } : {};
  const count = items ?? rows;
  if (preview.type === "image") return { ...preview, ...whole, count };
  return { ...preview, ...whole, shape: [count, ...preview.shape.slice(1)] };
}

/** How many rows a packed value has. */
const rowsOfPacked = ({ counts }: Tensor | ImageBatch): { rows?: number } => (counts ? { rows: counts.length } : {});
