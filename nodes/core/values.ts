import type { DType } from "#models/onnx/graph";
import type { View } from "./view";

/**
 * Concrete numbers, row-major. `data` is a Float32Array for float32, BigInt64Array for int64, Uint8Array for uint8
 * and bool, and so on.
 */
export interface Tensor {
  dtype: DType;
  shape: readonly number[];
  data: Float32Array | Float64Array | BigInt64Array | Int32Array | Uint16Array | Uint8Array;
  /** Packed: how many items each row has. The first axis then counts items, one row's behind the other's. */
  counts?: readonly number[];
}

/** An encoded picture (PNG, JPEG, WebP, SVG …): in the blob store, or where it lies. */
export type ImageFile = StoredImage | PlacedImage;

/** A picture in the blob store. `ref` is the sha256 of its bytes. */
export interface StoredImage {
  ref: string;
  width: number;
  height: number;
  /** Of a small copy: the size of the picture that it shows. */
  shows?: { width: number; height: number };
  /** Shown under previews; the file's name or the drawing's annotation. */
  name?: string;
}

/**
 * The address of a picture that stays where it lies: a file of a folder that may be read, some bytes of a file, such as
 * a member of a tar, or a value in a column of a table.
 */
export interface PlacedImage {
  file: SourceFile;
  /** Where the bytes begin, and how many they are. */
  start?: number;
  length?: number;
  column?: string;
  /** The row of the file that it belongs to, from 0. */
  row?: number;
  /** Which picture of the row it is, from 0, where the column holds lists. */
  item?: number;
  name?: string;
}

/** A file as it was when it was found: one that was written to since is another one. */
export interface SourceFile {
  /** Where it really lies. */
  path: string;
  /** What it is called in messages. */
  name: string;
  size: number;
  mtimeMs: number;
}

/**
 * N pictures: encoded files of any size, or decoded pixels of one size as uint8 [N, H, W, 3], sRGB, 0…255. With
 * `counts` they are packed: so many pictures belong to each row, one row's behind the other's. The tensor of pixels has
 * none of its own.
 */
export type ImageBatch = ({ files: ImageFile[] } | { pixels: Tensor }) & { counts?: readonly number[] };

/**
 * A handle on named parameters, and how nodes that read it treat them. Nodes given one handle share weights.
 * Patterns have * for any letters.
 */
export interface Weights {
  /** A .safetensors file; absent for freshly initialised parameters. */
  ref?: string;
  /** The other files of a checkpoint that lies in several. */
  shards?: { ref: string }[];
  /** Draws the parameters that `ref` does not hold. Without a seed, one that it does not hold is an error. */
  seed?: number;
  /** Patterns of names that take no gradient. An adapter only fits a pattern that says "lora_". */
  frozen?: string[];
  /**
   * Low-rank adapters on matrices; the matrices themselves stay. They are scaled by alpha / rank, or alpha / √rank
   * where they are stabilized. Targets are patterns; of adapters that were loaded, names as the base's file has them.
   * With `dora` the length of what each output reads is trained apart from its direction; `inputAxis` is the axis of
   * the matrix along which an output's numbers lie, where it is known.
   */
  lora?: {
    rank: number;
    alpha: number;
    targets: string[];
    stabilized?: boolean;
    dora?: boolean;
    inputAxis?: 0 | 1;
    isLoaded?: boolean;
  }[];
  /** Names that are another name's tensor, which may lie the other way round. */
  ties?: Tie[];
  average?: MovingAverage;
}

/** One name that is another's tensor; or all that fit a pattern, but for exceptions. */
export interface Tie {
  name: string;
  to: string;
  transposed: boolean;
  /** Patterns of names that are none of these. */
  except?: string;
}

/**
 * A teacher: tensors of their own that take no gradient and follow the trained ones by average ← m·average + (1 −
 * m)·trained: behind the optimizer's update, or at the beginning of a step, with the trained ones as they are before
 * it.
 */
export interface MovingAverage {
  momentum: number;
  follows: "after the update" | "before the step";
  /** Stands behind the first part of its tensors' names; where it is empty they are called as the trained ones are. */
  suffix: string;
}

/** A Hugging Face tokenizer.json, parsed, and what CLIP-style packing needs to know beside it. */
export interface Tokenizer {
  json: Record<string, unknown>;
  config: Record<string, unknown>;
}

/** A chart: named lines over a common x axis. */
export interface Series {
  x: { label: string; values: number[] };
  lines: { name: string; values: (number | null)[] }[];
}

/** For each item of a batch its best labels, best first. */
export interface Ranking {
  items: { image?: ImageFile; name?: string; labels: { label: string; score: number }[]; truth?: string }[];
}

/** A table of numbers with captions, drawn as a heatmap. */
export interface Matrix {
  values: Tensor;
  rows: string[];
  columns: string[];
  rowImages?: ImageFile[];
  columnImages?: ImageFile[];
}

/** Pictures to look at, with captions. */
export interface Gallery {
  images: ImageFile[];
  captions: string[];
}

/** A file to download, with those that it needs beside it under their names. */
export interface FileValue {
  ref: string;
  name: string;
  bytes: number;
  beside?: { ref: string; name: string; bytes: number }[];
}

/**
 * The part of the graph upstream of an input that is not run but handed over whole, for a trainer to differentiate
 * or for an export. Opaque to nodes: it is passed on to `host.train` or `host.exportOnnx`.
 */
export interface Deferred {
  readonly deferred: true;
  /** The endpoint the wire comes from. */
  readonly node: string;
  readonly port: string;
}

/** What travels along a wire at run time, by port type. docs/values.md says what each *is*. */
export interface PortValue {
  image: ImageBatch;
  text: string[];
  tensor: Tensor;
  number: number;
  weights: Weights;
  tokenizer: Tokenizer;
  series: Series;
  ranking: Ranking;
  matrix: Matrix;
  gallery: Gallery;
  file: FileValue;
  view: View;
}
export type PortType = keyof PortValue;
