import { once } from "node:events";
import { closeSync, openSync, readSync } from "node:fs";
import { dirname, join } from "node:path";
import { PassThrough } from "node:stream";
import type { DType, Graph } from "#models/onnx/graph";
import { print } from "#models/onnx/print";
import { toModel } from "#models/onnx/proto";
import type { Halves } from "#models/onnx/split";
import { batchSymbol, itemSymbols } from "#models/train/program";
import { countsOfRows, startsOf } from "#nodes/core/packed";
import type { Tensor } from "#nodes/core/values";
import { type Blobs, sha256 } from "../../storage/blobs";
import { diskLimit } from "../../storage/budget";
import { env } from "../../env";
import { Cancelled } from "../../errors";
import { readUsed, writeWhole } from "../cache";
import { memoryLimit } from "../memory";
import type { Provider } from "../providers";
import { layoutOf, RowsInCalls } from "../region-rows";
import { openSession, type Session } from "../sessions";
import { rowRange } from "./held-rows";
import { asArray, itemRange, takeRows, widthOf } from "../values";

/** Rows that are computed at a time, at most. */
const mostRows = 64;

export interface FrozenRowsSpec {
  halves: Halves;
  /** Some rows of the first part's inputs, by name. */
  draw(rows: Uint32Array): Promise<ReadonlyMap<string, Tensor>>;
  /** Equal where an input's rows are. */
  signatureOf(input: string): string;
  rows: number;
  /** About how many bytes of them are drawn for a row: so many rows are drawn at a time as a chunk may have. */
  rowBytes?: number;
  valueOf(parameter: string): Float32Array<ArrayBuffer>;
  blobs: Blobs;
  cacheDir: string;
  provider: Provider;
  signal: AbortSignal;
  /** Rows up to so many bytes are held in memory; others are read from their file as they are drawn. */
  inMemory?: number;
  progress(done: number, of: number): void;
}

export interface FrozenRows {
  /** The boundary values of some rows, by name. */
  read(rows: Uint32Array): Map<string, Tensor>;
  bytes: number;
  /** How many of them are in memory. */
  heldBytes: number;
  close(): void;
}
interface Stored {
  name: string;
  ref: string;
  dtype: DType;
  /** Of a row, or of an item where rows have any number of them. */
  shape: number[];
  /** How many items each row has. */
  counts?: number[];
}

/**
 * Runs the frozen part of a training once for every row and keeps what it gives in the blob store, one row after the
 * other. A later training with the same frozen part and the same data finds it there.
 */
export async function frozenRows(spec: FrozenRowsSpec): Promise<FrozenRows> {
  const { cacheDir, blobs, rows, inMemory = Math.min(2 ** 29, memoryLimit() / 8) } = spec;
  const path = join(cacheDir, "frozen", `${keyOf(spec)}.json`);
  const known = await readUsed<Stored[]>(path);
  const stored =
    known && (await Promise.all(known.map(({ ref }) => blobs.use(ref)))).every(Boolean) ? known : await compute(spec);
  if (stored !== known) await writeWhole(path, JSON.stringify(stored));
  const bytes = stored.reduce((sum, part) => sum + rowBytesOf(part.dtype, [itemCountOf(part, rows), ...part.shape]), 0);
  const readers = await Promise.all(
    stored.map((part) => (bytes <= inMemory ? memoryReader(part, rows, blobs) : fileReader(part, blobs))),
  );
  return {
    bytes,
    heldBytes: bytes <= inMemory ? bytes : 0,
    read: (wanted) => new Map(readers.map(({ name, read }) => [name, read(wanted)])),
    close: () => readers.forEach((r) => void r.close()),
  };
}

const itemCountOf = ({ counts }: Stored, rows: number): number => (counts ? (startsOf(counts).at(-1) ?? 0) : rows);

/**
 * What the frozen part gives for all rows. `itemsOf`: how many items a row is taken to have of those that a size
 * counts.
 */
export function frozenBytes({ first }: Halves, rows: number, itemsOf: (size: string) => number = () => 1): number {
  const widths = [...first.outputs.values()].map(({ dtype, shape: [size, ...sizes] }) => {
    const items = typeof size === "string" && size !== batchSymbol ? itemsOf(size) : 1;
    return items * rowBytesOf(dtype, sizes as number[]);
  });
  return Math.ceil(rows * widths.reduce((sum, width) => sum + width, 0));
}

const rowBytesOf = (dtype: DType, shape: readonly number[]): number =>
  shape.reduce((product, size) => product * size, widthOf(dtype));

/** How much of it is kept: half of what may be kept at all. Beyond that it is computed in every step. */
export const frozenLimit = async (cacheDir: string): Promise<number> => (await diskLimit(dirname(cacheDir), 0)) / 2;

interface Reader {
  name: string;
  read(wanted: Uint32Array): Tensor;
  close(): void;
}

async function memoryReader(part: Stored, rows: number, blobs: Blobs): Promise<Reader> {
  const { name, ref, dtype, shape, counts } = part;
  const data = asArray(dtype, await blobs.get(ref));
  const all: Tensor = { dtype, shape: [itemCountOf(part, rows), ...shape], data, ...(counts ? { counts } : {}) };
  return { name, read: (wanted) => takeRows(all, wanted), close: () => {} };
}

async function fileReader({ name, ref, dtype, shape, counts }: Stored, blobs: Blobs): Promise<Reader> {
  const file = openSync(blobs.path(ref), "r");
  const width = rowBytesOf(dtype, shape);
  return {
    name,
    read(wanted) {
      const ranges = Array.from(wanted, (row) => itemRange(counts, row, row + 1));
      const items = ranges.reduce((sum, [first, end]) => sum + end - first, 0);
      const bytes = new Uint8Array(items * width);
      let filled = 0;
      for (const [first, end] of ranges) {
        readSync(file, bytes, filled, (end - first) * width, first * width);
        filled += (end - first) * width;
      }
      const taken: Tensor = { dtype, shape: [items, ...shape], data: asArray(dtype, bytes) };
      return counts ? { ...taken, counts: countsOfRows(counts, wanted) } : taken;
    },
    close: () => closeSync(file),
  };
}

/** Runs the frozen part, writing what it gives into the blob store while it goes on. */
async function compute(spec: FrozenRowsSpec): Promise<Stored[]> {
  const { first } = spec.halves;
  const session = await openFrozen(spec);
  const outputs = [...first.outputs].map(([name, value]) => {
    return { name, value, stream: new PassThrough(), counts: [] as number[] };
  });
  const writing = Promise.all(
    outputs.map(async ({ name, value: { dtype, shape }, stream }): Promise<Stored> => {
      const { ref } = await spec.blobs.putStream(stream, Number.MAX_SAFE_INTEGER, { durable: false });
      return { name, dtype, shape: shape.slice(1) as number[], ref };
    }),
  );
  try {
    await eachChunk(spec, session, async (chunk) => {
      for (const { name, stream, counts } of outputs) {
        const { data, counts: added } = chunk.get(name) as Tensor;
        for (const count of added ?? []) counts.push(count);
        const isTaken = stream.write(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
        if (!isTaken) await Promise.race([once(stream, "drain"), writing]);
      }
    });
    for (const { stream } of outputs) stream.end();
    const counted = new Map(outputs.map(({ name, counts }) => [name, counts.length ? { counts } : {}]));
    return (await writing).map((part) => ({ ...part, ...counted.get(part.name) }));
  } catch (error) {
    for (const { stream } of outputs) stream.destroy();
    await writing.catch(() => {});
    throw error;
  } finally {
    await session.release();
  }
}

/**
 * The model of the frozen part. On the CPU its parameters are fed where they lie, of whatever size they are together:
 * in the model they would be held three times over, and above 2 GiB it could not be opened. A device keeps its own.
 */
async function openFrozen({ halves: { first }, provider, valueOf }: FrozenRowsSpec): Promise<Session> {
  if (provider !== "cpu") return openSession(toModel(first, { parameters: "initializers", values: valueOf }), provider);
  const opened = await openSession(toModel(first, { parameters: "inputs" }), provider);
  const fed = first.parameters.map(({ name, value: { dtype, shape } }): [string, Tensor] => {
    return [name, { dtype, shape: shape as number[], data: valueOf(name) }];
  });
  return {
    run: (feeds) => opened.run({ ...Object.fromEntries(fed), ...feeds }),
    release: () => opened.release(),
  };
}

async function eachChunk(
  spec: FrozenRowsSpec,
  session: Session,
  use: (chunk: ReadonlyMap<string, Tensor>) => Promise<void>,
): Promise<void> {
  const { rows, signal, progress } = spec;
  const chunkRows = chunkRowsOf(spec);
  let next = chunkFrom(spec, 0);
  for (let start = 0; start < rows; start += chunkRows) {
    if (signal.aborted) throw new Cancelled();
    const end = Math.min(rows, start + chunkRows);
    const chunk = await next;
    next = chunkFrom(spec, end);
    next.catch(() => {}); // it may fail while the model runs on the chunk before
    await use(await runInCalls(spec.halves.first, session, chunk));
    progress(end, rows);
    await new Promise(setImmediate); // the runtime computes on this thread: let timers and messages through
  }
}

/** Runs the first part on a chunk, in calls of as many rows or items as are good for the caches. */
async function runInCalls(first: Graph, session: Session, chunk: ReadonlyMap<string, Tensor>) {
  const feeds = first.inputs.map(({ name }) => ({ name }));
  const items = itemSymbols(first);
  const sizes = new Map([...items, batchSymbol].map((size) => [size, 0]));
  const layout = layoutOf({ graph: first }, { sizes, rowsOfItems: new Map(items.map((size) => [size, batchSymbol])) });
  const calls = new RowsInCalls({ graph: first, feeds }, layout, chunk);
  const pieces = calls.pieces();
  const whole = calls.joined(pieces);
  for (const piece of pieces) {
    whole.add(new Map(Object.entries(await session.run(Object.fromEntries(calls.feeds(piece))))), piece);
  }
  return whole.outputs();
}

/** What the first part reads of a chunk of rows; nothing behind the last row. */
async function chunkFrom(spec: FrozenRowsSpec, start: number): Promise<ReadonlyMap<string, Tensor>> {
  const { draw, rows } = spec;
  return start >= rows ? new Map() : draw(rowRange(start, Math.min(rows, start + chunkRowsOf(spec))));
}

const chunkRowsOf = ({ rowBytes = 0 }: FrozenRowsSpec): number =>
  Math.max(1, Math.min(mostRows, Math.floor(env().chunk / Math.max(1, rowBytes))));

/** Equal when and only when the frozen part would give the same: its ops, its numbers, its data. */
function keyOf({ halves: { first }, signatureOf, valueOf, rows }: FrozenRowsSpec): string {
  const bytes = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
    sha256(new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength));
  return sha256(
    JSON.stringify([
      print(first),
      rows,
      first.constants.map((c) => bytes(c.data)),
      first.parameters.map((p) => bytes(valueOf(p.name))),
      first.inputs.map((v) => signatureOf(v.name)),
    ]),
  );
}
