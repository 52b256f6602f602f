import { fixedBatchOf, hasOpenBatch } from "#models/onnx/import/signature";
import type { OnnxRequest } from "#nodes/core/host";
import type { Tensor } from "#nodes/core/values";
import { Failure } from "../../errors";
import { rowsOf, takeRows } from "../values";

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
export function chunksOf(request: OnnxRequest): Chunks | undefined {
  const { signature, inputs, rows: asked, name } = request;
  const fixed = fixedBatchOf(signature);
  const size = fixed ?? (asked || (signature.rowwise ? usualRows : rowsThatFit(request)));
  if (!size) return undefined;
  const cut = signature.inputs.filter(({ shape }) => fixed !== undefined || typeof shape?.[0] === "string");
  const counts = new Set(cut.flatMap((port) => inputs[port.name]?.shape.slice(0, 1) ?? []));
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
function rowsThatFit({ signature, inputs }: OnnxRequest): number {
  const bytes = Object.values(inputs).reduce((sum, tensor) => sum + (tensor?.data.byteLength ?? 0), 0);
  const rows = Object.values(inputs).find((tensor) => tensor !== undefined)?.shape[0] ?? 0;
  return bytes > wholeBytes && hasOpenBatch(signature) ? Math.max(1, Math.floor((rows * wholeBytes) / bytes)) : 0;
}

/** As many rows as a chunk has; the last ones are repeated where there are no more. */
export function chunkOf(tensor: Tensor, first: number, { rows, size }: Chunks, isFilled: boolean): Tensor {
  const count = isFilled ? size : Math.min(size, rows - first);
  if (first + count <= rows) return rowsOf(tensor, first, first + count);
  return takeRows(
    tensor,
    Array.from({ length: count }, (_, i) => Math.min(first + i, rows - 1)),
  );
}

/** What chunks gave, one after the other, without the rows that were filled in. */
export class Joined {
  readonly #whole = new Map<string, Tensor>();

  constructor(
    readonly chunks: Chunks,
    readonly name: string,
  ) {}

  add(port: string, part: Tensor, first: number, given: number): void {
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
    (whole.data as Float32Array).set(part.data.subarray(0, kept) as Float32Array, first * width);
  }

  outputs(): Record<string, Tensor> {
    return Object.fromEntries(this.#whole);
  }

  #begin(port: string, part: Tensor, width: number): Tensor {
    const { rows } = this.chunks;
    const List = part.data.constructor as Float32ArrayConstructor;
    const whole: Tensor = { dtype: part.dtype, shape: [rows, ...part.shape.slice(1)], data: new List(rows * width) };
    this.#whole.set(port, whole);
    return whole;
  }
}
