import { fixedBatchOf, hasOpenBatch, type Signature } from "#models/onnx/import/signature";
import type { OnnxRequest } from "#nodes/core/host";
import type { Tensor } from "#nodes/core/values";
import { Failure } from "../../errors";
import { rowsOf, takeRows } from "../values";
import type { Fed, Feeds, Texts } from "./feeds";

/** How the rows of a request are given to the model: so many at a time, of inputs that have a row for each. */
export interface Chunks {
  rows: number;
  size: number;
  /** Inputs that are cut; the others are given whole each time. */
  cut: ReadonlySet<string>;
}

/**
 * Rows at a time where rows do not depend on each other: enough to keep the cores busy, and to be cancelled between.
 */
const usualRows = 64;

/** Inputs up to so many bytes are given whole where it is not known that rows do not depend on each other. */
const wholeBytes = 64 * 2 ** 20;

/** How a request is cut; undefined: it is run whole. */
export function chunksOf({ signature, rows: asked, name }: OnnxRequest, feeds: Feeds): Chunks | undefined {
  const fixed = fixedBatchOf(signature);
  const size = fixed ?? (asked || (signature.rowwise ? usualRows : rowsThatFit(signature, feeds)));
  if (!size) return undefined;
  const cut = signature.inputs.filter(({ shape }) => fixed !== undefined || typeof shape?.[0] === "string");
  const counts = new Set(cut.flatMap((port) => feeds[port.name]?.shape.slice(0, 1) ?? []));
  const [rows = 0] = counts;
  if (counts.size > 1 && fixed !== undefined)
    throw new Failure({
      message: `“${name}” takes ${fixed} rows at a time, and its inputs have ${[...counts].join(" and ")} rows.`,
      hint: "Wire inputs of the same batch.",
    });
  const isWhole = counts.size !== 1 || rows === 0 || (fixed === undefined ? rows <= size : rows === size);
  return isWhole ? undefined : { rows, size, cut: new Set(cut.map((port) => port.name)) };
}

/** How many rows of a model with a batch fit, where not all do; 0: all. */
function rowsThatFit(signature: Signature, feeds: Feeds): number {
  const bytes = Object.values(feeds).reduce((sum, fed) => sum + (fed ? bytesOf(fed) : 0), 0);
  const rows = Object.values(feeds).find((fed) => fed !== undefined)?.shape[0] ?? 0;
  return bytes > wholeBytes && hasOpenBatch(signature) ? Math.max(1, Math.floor((rows * wholeBytes) / bytes)) : 0;
}

const bytesOf = (fed: Fed): number =>
  fed.dtype === "string" ? fed.data.reduce((sum, text) => sum + 2 * text.length, 0) : fed.data.byteLength;

/** As many rows as a chunk has; the last ones are repeated where there are no more. */
export function chunkOf(fed: Tensor, first: number, chunks: Chunks, isFilled: boolean): Tensor;
export function chunkOf(fed: Fed, first: number, chunks: Chunks, isFilled: boolean): Fed;
export function chunkOf(fed: Fed, first: number, { rows, size }: Chunks, isFilled: boolean): Fed {
  const count = isFilled ? size : Math.min(size, rows - first);
  if (fed.dtype !== "string" && first + count <= rows) return rowsOf(fed, first, first + count);
  const places = Array.from({ length: count }, (_, i) => Math.min(first + i, rows - 1));
  return fed.dtype === "string" ? takeTexts(fed, places) : takeRows(fed, places);
}

function takeTexts({ dtype, shape, data }: Texts, places: readonly number[]): Texts {
  const width = data.length / (shape[0] as number);
  const taken = places.flatMap((row) => data.slice(row * width, (row + 1) * width));
  return { dtype, shape: [places.length, ...shape.slice(1)], data: taken };
}

/** What chunks gave, one after the other, without the rows that were filled in. */
export class Joined<F extends Fed = Tensor> {
  readonly #whole = new Map<string, Fed>();

  constructor(
    readonly chunks: Chunks,
    readonly name: string,
  ) {}

  add(port: string, part: F, first: number, given: number): void {
    const { rows } = this.chunks;
    if (part.shape[0] !== given)
      throw new Failure({
        port,
        message: `“${port}” of “${this.name}” is [${part.shape.join(", ")}] for ${given} rows: it has no row for each.`,
        hint: "Set “Rows at a time” to 0, or give the model no more rows than it was exported for.",
      });
    const width = part.data.length / given;
    const kept = Math.min(given, rows - first) * width;
    const whole = this.#whole.get(port) ?? this.#begin(port, part, width);
    copy(part, kept, whole, first * width);
  }

  outputs(): Record<string, F> {
    return Object.fromEntries(this.#whole) as Record<string, F>;
  }

  /** Room for all rows, of what is like the part. */
  #begin(port: string, part: Fed, width: number): Fed {
    const length = this.chunks.rows * width;
    const shape = [this.chunks.rows, ...part.shape.slice(1)];
    const whole: Fed =
      part.dtype === "string"
        ? { ...part, shape, data: new Array<string>(length) }
        : { ...part, shape, data: new (part.data.constructor as Float32ArrayConstructor)(length) };
    this.#whole.set(port, whole);
    return whole;
  }
}

/** Copies the first elements of a part to a place in the whole. */
function copy(part: Fed, count: number, whole: Fed, place: number): void {
  if (part.dtype === "string") {
    for (let i = 0; i < count; i++) (whole.data as string[])[place + i] = part.data[i] as string;
  } else {
    (whole.data as Float32Array).set(part.data.subarray(0, count) as Float32Array, place);
  }
}
