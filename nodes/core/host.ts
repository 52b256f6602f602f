import type { ImageBatch, ImageFile, Series, Tensor, Weights } from "./values";
import type { Deferred } from "./values";
import type { Random } from "#models/random";
import type { Optimizer } from "#models/train/optimizers";
import type { Schedule } from "#models/train/schedules";

/** How pictures become pixels of one size. All of sharp that a node may ask for, as data: it is also the cache key. */
export interface PixelRequest {
  width: number;
  height: number;
  /** cover: shortest side fits, the rest is cropped at the centre. contain: longest side fits, padded. fill: stretched. */
  fit: "cover" | "contain" | "fill";
  kernel?: "cubic" | "linear" | "nearest" | "lanczos3";
  /** Fills transparency and padding, "#rrggbb". */
  background?: string;
}

/** What a trainer asks for; plain data, so that it can be hashed, stored and shown. */
export interface TrainRequest {
  losses: Deferred[];
  optimizer: Optimizer;
  /** The peak learning rate. */
  lr: number;
  schedule: Schedule;
  steps: number;
  batchSize: number;
  clipNorm: number;
  seed: number;
  /** One name per row; rows of the same name never meet in one batch, for example two drawings of one concept: avoids false negatives. */
  distinct?: string[];
  /** Steps between two checkpoints from which a killed run goes on. */
  checkpointEvery: number;
}
export interface TrainResult {
  weights: Weights;
  curve: Series;
}

/** What the file of an export is made of. */
export interface ExportRequest {
  /** What the model gives. */
  tensors: Deferred[];
}

/** Everything a `run` node may ask of the machine it runs on. The worker passes the real one, tests one on a temporary folder. */
export interface Host {
  readonly signal: AbortSignal;
  progress(done: number, of: number, note?: string): void;
  /** Something the user should know that is no failure. */
  warn(message: string): void;
  /** The one seeded generator, keyed: the same keys give the same draws, in any order and on any machine. */
  random(...keys: (string | number)[]): Random;
  /** A file of an installed data package, such as ("openmoji", "data/openmoji.json"). Only packages on the host's list. */
  packageFile(name: string, path: string): Promise<Uint8Array>;
  /** Stores bytes by content; equal bytes have equal references. */
  put(bytes: Uint8Array): Promise<string>;
  get(ref: string): Promise<Uint8Array>;
  /** Files under a folder the server allows data to be read from, with paths relative to it. */
  listFolder(folder: string, extensions: readonly string[]): Promise<string[]>;
  readFolderFile(folder: string, path: string): Promise<Uint8Array>;
  /** Checks that the bytes are a picture within the limits, stores them, and returns the reference and size. */
  importImage(bytes: Uint8Array, name?: string): Promise<ImageFile>;
  /** Downloads a picture. Off unless the operator turned remote images on. */
  fetchImage(url: string): Promise<ImageFile>;
  /** Decodes and scales in parallel, cached by content and request: uint8 [N, H, W, 3]. */
  pixels(images: ImageBatch, request: PixelRequest): Promise<Tensor>;
  /** Stores pixels as PNG files, for nodes whose result is looked at. */
  encodeImages(pixels: Tensor, names?: readonly string[]): Promise<ImageFile[]>;
  train(request: TrainRequest): Promise<TrainResult>;
  /** Writes the tensor nodes upstream, with their weights, as one ONNX model; what feeds them becomes its inputs. */
  exportOnnx(request: ExportRequest): Promise<Uint8Array>;
}
