import { once } from "node:events";
import { closeSync, openSync, readSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import type { DType } from "#models/onnx/graph";
import { print } from "#models/onnx/print";
import { toModel } from "#models/onnx/proto";
import type { Halves } from "#models/onnx/split";
import type { Tensor } from "#nodes/core/values";
import { type Blobs, sha256 } from "../../storage/blobs";
import { Cancelled } from "../../errors";
import { writeWhole } from "../cache";
import { openSession, type Provider } from "../sessions";
import { asArray, rowsOf, widthOf } from "../values";

/** Rows that are computed at a time. */
const chunkRows = 64;

export interface FrozenRowsSpec {
  halves: Halves;
  /** All rows of an input of the first part. */
  whole(input: string): Tensor;
  rows: number;
  valueOf(parameter: string): Float32Array<ArrayBuffer>;
  blobs: Blobs;
  cacheDir: string;
  provider: Provider;
  signal: AbortSignal;
  progress(done: number, of: number): void;
}

export interface FrozenRows {
  /** The boundary values of some rows, by name. */
  read(rows: Uint32Array): Map<string, Tensor>;
  bytes: number;
  close(): void;
}
interface Stored {
  name: string;
  ref: string;
  dtype: DType;
  shape: number[];
}

/**
 * Runs the frozen part of a training once for every row and keeps what it gives in the blob store, one row after the other. A later training
 * with the same frozen part and the same data finds it there.
 */
export async function frozenRows(spec: FrozenRowsSpec): Promise<FrozenRows> {
  const { cacheDir, blobs } = spec, path = join(cacheDir, "frozen", `${keyOf(spec)}.json`);
  const known = await readFile(path, "utf8").then((text) => JSON.parse(text) as Stored[], () => undefined);
  const stored = known && (await Promise.all(known.map(({ ref }) => blobs.has(ref)))).every(Boolean) ? known : await compute(spec);
  if (stored !== known) await writeWhole(path, JSON.stringify(stored));
  const files = stored.map((s) => ({ ...s, width: s.shape.reduce((a, b) => a * b, widthOf(s.dtype)), file: openSync(blobs.path(s.ref), "r") }));
  return {
    bytes: files.reduce((n, f) => n + f.width * spec.rows, 0),
    read: (rows) => new Map(files.map(({ name, dtype, shape, width, file }) => {
      const bytes = new Uint8Array(rows.length * width);
      for (const [i, row] of rows.entries()) readSync(file, bytes, i * width, width, row * width);
      return [name, { dtype, shape: [rows.length, ...shape], data: asArray(dtype, bytes) }];
    })),
    close: () => files.forEach((f) => void closeSync(f.file)),
  };
}

async function compute({ halves: { first }, whole, rows, valueOf, blobs, provider, signal, progress }: FrozenRowsSpec): Promise<Stored[]> {
  const inputs = first.inputs.map((v) => ({ name: v.name, tensor: whole(v.name), isBatched: typeof v.shape[0] === "string" }));
  const session = await openSession(toModel(first, { parameters: "initializers", values: valueOf }), provider);
  const outputs = [...first.outputs].map(([name, { dtype, shape }]) => ({ name, dtype, shape: shape.slice(1) as number[], stream: new PassThrough() }));
  const writing = Promise.all(outputs.map(async ({ name, dtype, shape, stream }) => ({ name, dtype, shape, ref: (await blobs.putStream(stream, Number.MAX_SAFE_INTEGER)).ref })));
  try {
    for (let from = 0; from < rows; from += chunkRows) {
      if (signal.aborted) throw new Cancelled();
      const to = Math.min(rows, from + chunkRows), out = await session.run(Object.fromEntries(inputs.map(({ name, tensor, isBatched }) => [name, isBatched ? rowsOf(tensor, from, to) : tensor])));
      for (const { name, stream } of outputs) {
        const { data } = out[name] as Tensor;
        if (!stream.write(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))) await Promise.race([once(stream, "drain"), writing]);
      }
      progress(to, rows);
      await new Promise(setImmediate); // the runtime computes on this thread: let timers and messages through
    }
    for (const { stream } of outputs) stream.end();
    return await writing;
  } catch (error) {
    for (const { stream } of outputs) stream.destroy();
    await writing.catch(() => {});
    throw error;
  } finally {
    await session.release();
  }
}

/** Equal when and only when the frozen part would give the same: its ops, its numbers, its data. */
function keyOf({ halves: { first }, whole, valueOf, rows }: FrozenRowsSpec): string {
  const bytes = ({ buffer, byteOffset, byteLength }: ArrayBufferView) => sha256(new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength));
  return sha256(JSON.stringify([print(first), rows, first.constants.map((c) => bytes(c.data)), first.parameters.map((p) => bytes(valueOf(p.name))), first.inputs.map((v) => bytes(whole(v.name).data))]));
}
