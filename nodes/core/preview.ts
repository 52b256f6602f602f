import type { DType } from "#models/onnx/graph";
import type { FileValue, PortType, Ranking, Series, StoredImage } from "./values";
import type { View } from "./view";

/**
 * What the canvas shows of a value: small JSON with references to pictures. Made by the worker, drawn by
 * app/_editor/previews.
 */
export interface PreviewOf {
  image: {
    count: number;
    /** How many rows the pictures belong to, where a row may have any number of them. */
    rows?: number;
    width?: number;
    height?: number;
    items: StoredImage[];
  };
  text: { count: number; items: string[] };
  tensor: {
    dtype: DType;
    shape: number[];
    /** How many rows the first axis belongs to, where a row may have any number of items. */
    rows?: number;
    min?: number;
    max?: number;
    mean?: number;
    std?: number /** Counts of 32 equal bins. */;
    histogram?: number[];
    /** How many of its numbers are NaN, and how many infinite; and where the first such one is, by its place. */
    odd?: { nan: number; infinite: number; first: number[] };
    /** First values, row-major. */
    head: number[];
  };
  number: { value: number };
  weights: {
    ref?: string;
    parameters: number;
    /** Matrices in blocks come first, what lost most ahead; `error` is ‖Ŵ − W‖ / ‖W‖. */
    tensors: { name: string; shape: number[]; bits?: number; error?: number }[];
    /** How many there are; missing in previews of an older Patchbay. */
    count?: number;
    bytes?: number;
    quantized?: {
      matrices: number;
      /** What all tensors took before. */
      bytesBefore: number;
      /** The matrix that lost most, and ‖Ŵ − W‖ / ‖W‖ of it. */
      worst: { name: string; error: number };
    };
  };
  tokenizer: { vocabulary: number; sample: string[] };
  series: Series;
  ranking: { items: (Omit<Ranking["items"][number], "image"> & { image?: StoredImage })[] };
  matrix: {
    rows: string[];
    columns: string[];
    shape: [number, number];
    values: number[];
    rowImages?: (StoredImage | undefined)[];
    columnImages?: (StoredImage | undefined)[];
  };
  gallery: { images: StoredImage[]; captions: string[]; count: number };
  file: FileValue;
  view: View;
}
/** A part of a frame, in its pixels. */
export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** What a node makes of a picture of some size: where it lies in a frame, and how that is cut. */
export interface PictureDrawing {
  width: number;
  height: number;
  picture: Box;
  tiles: Box[];
  text: string;
}

export type Preview = { [T in PortType]: { type: T } & PreviewOf[T] }[PortType];
