/** What is known of a model once its file was described: its ports, by which it is wired. */
import type { Dim, DType } from "../graph";
import { openAxesOf } from "./texts";

/** An output of a model. Its type is absent where the file does not say it. */
export interface OutputPort {
  name: string;
  /** What Patchbay computes with; "string": texts, which it does not compute with. */
  dtype?: DType | "string";
  /** What the file holds, where that is something else, such as "float16". */
  element?: string;
  /** Absent when the file does not say how many axes there are. Sizes are numbers, the file's own names, or "*". */
  shape?: Dim[];
}
export interface InputPort extends OutputPort {
  dtype: DType | "string";
  /** No op of the file reads it. */
  unread?: boolean;
}
/** All that must be known of a model to wire it: small, and read without its weights. */
export interface Signature {
  opset: number;
  inputs: InputPort[];
  outputs: OutputPort[];
  /** Why the model cannot become ops of a graph, and runs as the file is. */
  asIs?: string;
  /** Rows that it takes at a time, and no others, though it became ops. */
  batch?: number;
  /** Each row of its outputs follows from the same row of its inputs alone. */
  rowwise?: boolean;
}

/** Names for the ports of a model: its own where they can stand in a wire, and never one that is taken. */
export function portNames(ports: readonly { name: string }[], taken: readonly string[] = []): Map<string, string> {
  const names = new Map<string, string>();
  const used = new Set(taken);
  for (const { name } of ports) {
    const stem =
      name
        .replace(/[^\w-]+/g, "_")
        .replace(/^_+|_+$/g, "")
        .slice(0, 48) || "value";
    let free = stem;
    for (let n = 2; used.has(free); n++) free = `${stem}_${n}`;
    used.add(free);
    names.set(name, free);
  }
  return names;
}

/** Whether all inputs and outputs begin with one size that the file leaves open: its batch, as exporters write it. */
export function hasOpenBatch({ inputs, outputs }: Signature): boolean {
  const first = inputs[0]?.shape?.[0];
  const begins = ({ shape }: OutputPort) => shape?.[0] === first;
  return typeof first === "string" && first !== "*" && inputs.every(begins) && outputs.every(begins);
}

/**
 * The batch that a model was exported for, where all its inputs and outputs that have a shape begin with that number.
 * There is none to give way where texts must tell the size of another axis.
 */
export function fixedBatchOf({ inputs, outputs }: Signature): number | undefined {
  const read = inputs.filter(({ unread }) => !unread);
  const first = read[0]?.shape?.[0];
  const begins = ({ shape }: OutputPort) => shape?.[0] === first;
  const mayBegin = (port: OutputPort) => !port.shape || begins(port);
  if (typeof first !== "number" || !read.every(begins) || !outputs.every(mayBegin)) return undefined;
  return read.some(({ dtype, shape = [] }) => dtype === "string" && openAxesOf(shape) > 0) ? undefined : first;
}

/** The shape that a port takes or gives where the batch that its model was exported for gives way. */
export const freedShapeOf = ({ shape }: OutputPort, batch: number | undefined): Dim[] | undefined =>
  batch === undefined || !shape?.length ? shape : ["batch", ...shape.slice(1)];
