import type {
  Deferred,
  FileValue,
  ImageBatch,
  ImageFile,
  PlacedImage,
  PortValue,
  Series,
  SourceFile,
  StoredImage,
  Tensor,
  Weights,
} from "./values";
import type { Preview } from "./preview";
import type { Checkpoint } from "#models/files/checkpoint";
import type { PlacedNumbers } from "#models/files/tensor-file";
import type { TableFile } from "#models/files/table-file";
import type { Signature } from "#models/onnx/import/signature";
import type { Picture } from "#models/pictures/pillow";
import type { Decoding } from "#models/generation/decoding";
import type { Random } from "#models/random";
import type { Optimizer } from "#models/train/optimizers";
import type { Schedule } from "#models/train/schedules";

/** How pictures become pixels of one size. All of sharp that a node may ask for, as data: it is also the cache key. */
export interface PixelRequest {
  width: number;
  height: number;
  /**
   * cover: shortest side fits, the rest is cropped at the centre.
   * contain: longest side fits, padded. fill: stretched.
   */
  fit: "cover" | "contain" | "fill";
  kernel?: "cubic" | "linear" | "nearest" | "lanczos3";
  /** Fills transparency and padding, "#rrggbb". */
  background?: string;
}

/** How a picture is decoded that keeps a size of its own. */
export interface DecodeRequest {
  /** Laid behind transparent parts, "#rrggbb"; without it transparency is dropped, and the colours below it stay. */
  background?: string;
  /** The size that is needed of a picture, from the one it has: drawings are rendered at twice as much. */
  sizeOf(size: { width: number; height: number }): { width: number; height: number };
  /** Scales to that size while decoding; without it a photo comes as large as it is. */
  kernel?: PixelRequest["kernel"];
}

/** A part of a training with settings of its own. */
export interface Stage {
  name: string;
  steps: number;
  /** So many times through the data in place of `steps`; 0: by steps. */
  epochs: number;
  /** Rows of a batch. */
  batchSize: number;
  /** Batches whose gradients are averaged before each update. */
  accumulate: number;
  /** The peak learning rate. */
  lr: number;
  schedule: Schedule;
  /**
   * What trains, at which share of the learning rate and with which weight decay: the first pattern that a
   * parameter's name fits. No match: it does not train. Without a decay it is the trainer's, which spares 1-D
   * tensors. With `layerDecay` the rate of each layer is that share of the rate of the one above it.
   */
  trains: { pattern: string; rate: number; decay?: number; layerDecay?: number }[];
  /**
   * What steps are taken on: patterns of the nodes whose losses add up, and with them their data; empty: all. Where
   * there are several, each has its share of the steps, in drawn order.
   */
  branches: { losses: string[]; share: number }[];
  /** Patterns of the sources whose rows take part, with their shares; empty: all rows. */
  data: { pattern: string; share?: number }[];
}

/** What a trainer asks for; plain data, so that it can be hashed, stored and shown. */
export interface TrainRequest {
  losses: Deferred[];
  /** Numbers that are measured at intervals with the weights as they are then; the first one says which are best. */
  metrics: Deferred[];
  stages: Stage[];
  optimizer: Optimizer;
  clipNorm: number;
  /** Rows that are encoded at a time; 0: all. */
  chunk: number;
  precision: "float32" | "float16";
  /** Patterns of nodes whose results are computed again in the backward pass instead of kept. */
  recompute: string[];
  /** Decay of a moving average of the weights; 0: none. */
  average: number;
  /**
   * How the outputs of a frozen part behind the data are kept, so that it runs once for each row; off: it runs in
   * every step.
   */
  hoist: "off" | "float32" | "float16";
  seed: number;
  /**
   * One name per row; rows of the same name never meet in one batch, for example two drawings of one concept:
   * avoids false negatives.
   */
  distinct?: string[];
  /** One name per row; only rows of the same name meet in one batch, for example pictures of one size. */
  bucket?: string[];
  /** One name per row: where it is from, by which stages choose their data. */
  source?: string[];
  /** Steps between two checkpoints from which a killed run goes on, and how many are kept. */
  checkpointEvery: number;
  keep: number;
  /** Steps between two measurements. */
  evaluateEvery: number;
  better: "higher" | "lower";
  /** Measurements without a better one after which the training ends; 0: never. */
  patience: number;
  /** Which weights it gives. */
  give: "last" | "best";
  /** The files of a checkpoint of another training, from which this one goes on. */
  start?: { ref: string; path: string }[];
}
export interface TrainResult {
  weights: Weights;
  /** The moving average of the weights, or a teacher's; the weights themselves where there is neither. */
  average: Weights;
  curve: Series;
  /** Share of the time that steps waited for data. */
  waited: number;
  /** The most memory that the process held meanwhile, in GiB. */
  memory: number;
}

/** What the file of an export is made of. */
export interface ExportRequest {
  /** What the model gives. */
  tensors: Deferred[];
  /** What the file is called, without its ending. */
  name: string;
  /** In the file, up to 1.5 GiB of them, or in another one beside it. */
  weights: "in the file" | "beside it";
  /** Whether a decoder takes whole texts, or new tokens with the keys and values of earlier ones. */
  decoder: "whole texts" | "past and present";
}

/** Numbers, or the texts of a string tensor, row by row. */
export type OnnxValue = Tensor | string[];

/** A model file that is run as it is. */
export interface OnnxRequest {
  /** What the file is called, for messages. */
  name: string;
  ref: string;
  /** The files beside it that its weights lie in, by their paths from its folder. */
  files: readonly { path: string; ref: string }[];
  signature: Signature;
  /** By the file's names; what no op reads may be left out. Texts are given as a list, row by row. */
  inputs: Readonly<Record<string, OnnxValue | undefined>>;
  /** Rows that are given to it at a time; 0: all, or chunks where it is known that rows do not depend on each other. */
  rows: number;
}

/** A decoder that is loaded. */
export interface OpenDecoding {
  decoding: Decoding;
  /** The tokens that each row begins with, without padding. */
  prompts: number[][];
  close(): void;
}

/** Where a model of the hub lies, and the commit that was meant. */
export interface HubFolder {
  folder: string;
  commit: string;
}

/** The files of a folder and of all folders in it, as paths relative to it, sorted. Hidden files do not count. */
export interface FolderListing {
  /** What is a picture by its ending, or by its content where the ending says nothing. */
  pictures: string[];
  others: string[];
}

/** A file that is written while rows come; what is appended is on the disk and not in memory. */
export interface GrowingFile {
  append(bytes: Uint8Array): Promise<void>;
  /** Stores it, with `head` before what was appended: what is known only when all rows have come. */
  store(head?: Uint8Array): Promise<{ ref: string; bytes: number }>;
  /** Lets go of it, where it is not stored. */
  discard(): Promise<void>;
}

/** A picture that is still to be read. */
export interface PictureSource {
  name: string;
  read(): Promise<Uint8Array>;
  /** Begins a message about it, such as "Row 2 of “captions.csv”: ". */
  where?: string;
  /** Where it lies, if it stays there. */
  place?: PlacedImage;
}

/** Rows that are kept as they come. */
export interface GrowingRows<T extends "text" | "tensor"> {
  add(part: PortValue[T]): Promise<void>;
  /** All of them, or those of some places, to be returned from the node and not to be looked into. */
  finish(kept?: Uint32Array): Promise<PortValue[T]>;
}

/**
 * Everything a `run` node may ask of the machine it runs on. The worker passes the real one, tests one on a
 * temporary folder.
 */
export interface Host {
  readonly signal: AbortSignal;
  /** Tells how far it is, and shows what is made so far on its outputs, by port. */
  progress(done: number, of: number, note?: string, previews?: Record<string, Preview>): void;
  /** Something the user should know that is no failure. */
  warn(message: string): void;
  /**
   * The sizes that all rows of a result have in common, such as the length that texts are padded to: those that these
   * rows need, or larger ones, where other rows of the same result need more.
   */
  commonSizes(needed: readonly number[]): readonly number[];
  /** The one seeded generator, keyed: the same keys give the same draws, in any order and on any machine. */
  random(...keys: (string | number)[]): Random;
  /**
   * A file of an installed data package, such as ("openmoji", "data/openmoji.json"). Only packages on the host's
   * list.
   */
  packageFile(name: string, path: string): Promise<Uint8Array>;
  /** Stores bytes by content; equal bytes have equal references. */
  put(bytes: Uint8Array): Promise<string>;
  /** Stores what comes part by part, of any length; nothing is left of what ends with an error. */
  putParts(parts: AsyncIterable<Uint8Array>): Promise<{ ref: string; bytes: number }>;
  /** A new file, for what is stored in the end. */
  growFile(): GrowingFile;
  /** For rows that a node gives and that are too many to be held: they are kept part by part. */
  growRows<T extends "text" | "tensor">(type: T): GrowingRows<T>;
  get(ref: string): Promise<Uint8Array>;
  /** How many bytes were stored, and some of them: from `start` up to `end`, or to where they end. */
  size(ref: string): Promise<number>;
  read(ref: string, start: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
  /** What lies in a folder that the server allows data to be read from. Warns of links and folders it left out. */
  listFolder(folder: string): Promise<FolderListing>;
  /** Names in either Unicode form find each other. */
  readFolderFile(folder: string, path: string): Promise<Uint8Array>;
  /** Files of such a folder, as they are now; in place of one that may not be read, an error that says why. */
  folderFiles(folder: string, paths: readonly string[]): Promise<(SourceFile | Error)[]>;
  /** Files of such a folder by patterns, one a line, with *, **, ?, {a,b} and {000..012}. */
  findFiles(folder: string, patterns: string): Promise<SourceFile[]>;
  /** A table of a data set, by the ending of its name; its rows are read where they lie. */
  openTable(file: SourceFile): Promise<TableFile>;
  /** What tensors a file holds, and where; and bytes of such a file. */
  openTensors(file: SourceFile): Promise<Map<string, PlacedNumbers>>;
  sourceBytes(file: SourceFile, start: number, end: number): Promise<Uint8Array>;
  /** Changes when a file comes, goes or is written: what a node's result depends on besides the folder's name. */
  folderStamp(folder: string): Promise<string>;
  /**
   * The checkpoint in a folder that the server allows data to be read from, used where it lies: its files are called by
   * references, which mean nothing any more when a file changes. `entry` names the file or the index where there are
   * several.
   */
  openCheckpoint(folder: string, entry?: string): Promise<Checkpoint>;
  /**
   * A model of the Hugging Face hub as a folder, which may be read like one that the operator allows: from the cache of
   * Hugging Face's tools, or fetched into it. `commit` is what the revision means now. With the name of a secret it is
   * asked for with that token, and lies where only its team reads.
   */
  hubFolder(
    id: string,
    revision: string,
    part: "model" | "tokenizer" | "processor",
    secret?: string,
  ): Promise<HubFolder>;
  /** The bytes behind an address. Off unless the operator turned remote images on. */
  download(url: string): Promise<Uint8Array>;
  /** Checks that the bytes are a picture within the limits, stores them, and returns the reference and size. */
  importImage(bytes: Uint8Array, name?: string): Promise<StoredImage>;
  /**
   * Does so for many; those that have a place are only looked at, and stay there. Either the first look at all of them
   * finds every damaged one and one error names them, or they are left out, undefined in the result, and one warning
   * does.
   */
  importImages(sources: readonly PictureSource[], damaged: "stop" | "leave out"): Promise<(ImageFile | undefined)[]>;
  /** The bytes of a picture. Throws where its file changed or vanished since it was found. */
  imageBytes(image: ImageFile): Promise<Uint8Array>;
  /**
   * Pictures to look at in a browser, which sees the blob store alone: of those that lie elsewhere a small copy,
   * undefined where there is none or it is damaged.
   */
  shownImages(images: readonly (ImageFile | undefined)[]): Promise<(StoredImage | undefined)[]>;
  /** Decodes and scales in parallel, cached by content and request: uint8 [N, H, W, 3]. */
  pixels(images: ImageBatch, request: PixelRequest): Promise<Tensor>;
  /**
   * Decodes pictures in parallel, each in a size of its own, and gives what `use` makes of them: no more pictures are
   * there at a time than are decoded at once.
   */
  decode<R>(images: ImageBatch, request: DecodeRequest, use: (picture: Picture, index: number) => R): Promise<R[]>;
  /**
   * Frames of a video, at most so many, spread evenly over it; they are stored. Of files other than animated pictures
   * ffmpeg makes them, where there is one.
   */
  videoFrames(video: SourceFile | { ref: string; name: string }, most: number): Promise<StoredImage[]>;
  /** Stores pixels as PNG files, for nodes whose result is looked at. */
  encodeImages(pixels: Tensor, names?: readonly string[]): Promise<StoredImage[]>;
  /** The inner product of each row of one float32 matrix with each of another: [M, E] and [N, E] to [M, N]. */
  products(left: Tensor, right: Tensor): Promise<Tensor>;
  train(request: TrainRequest): Promise<TrainResult>;
  /** Writes the tensor nodes upstream, with their weights, as one ONNX model; what feeds them becomes its inputs. */
  exportOnnx(request: ExportRequest): Promise<FileValue>;
  /** Loads the decoder that gives some scores, with the prompts that are wired to it. */
  openDecoder(scores: Deferred): Promise<OpenDecoding>;
  /** Runs a model file as it is; gives its outputs by the file's names. */
  runOnnx(request: OnnxRequest): Promise<Record<string, OnnxValue>>;
}
