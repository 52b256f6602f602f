/** What goes between the calling thread and its data threads. */
import type { Tensor } from "#nodes/core/values";
import type { GraphDocument } from "#nodes/graph/document";
import type { PublicError } from "#nodes/graph/events";
import { Cancelled, Failure } from "../../errors";
import { BlobMissing } from "../../storage/blobs";
import type { Task } from "./task";

/** A graph whose host nodes a thread runs, and where its data lie. */
export interface OpenedGraph {
  document: GraphDocument;
  /** Values that are the same for every task, by "node.port". */
  whole: readonly (readonly [endpoint: string, value: unknown])[];
  /** The blob store's folder. */
  blobs: string;
  cacheDir: string;
  folders: readonly string[];
  allowRemote: boolean;
}

export type ToThread =
  | { kind: "open"; graph: number; opened: OpenedGraph }
  | { kind: "task"; graph: number; id: number; task: Task }
  | { kind: "close"; graph: number };

export type FromThread =
  | { kind: "ready" }
  | { kind: "warning"; id: number; node: string; message: string }
  | { kind: "progress"; id: number; node: string; done: number; of: number; note?: string }
  | {
      kind: "done";
      id: number;
      values: readonly (readonly [endpoint: string, value: unknown])[];
      ms: Map<string, number>;
    }
  | { kind: "failed"; id: number; node?: string; error: SentError };

/** An error as it goes from thread to thread. */
export interface SentError {
  name: string;
  message: string;
  stack?: string;
  code?: string;
  hint?: string;
  failure?: PublicError;
  /** What is missing from the blob store, where that is why. */
  missing?: string;
}

export function sentError(error: unknown): SentError {
  if (!(error instanceof Error)) return { name: "Error", message: String(error) };
  const { name, message, stack, code, hint } = error as Error & { code?: string; hint?: string };
  const failure = error instanceof Failure ? error.public_ : undefined;
  return { name, message, stack, code, hint, failure, missing: missingIn(error) };
}

/** A result that went from the cache meanwhile is made again: that this is why must be known on the other side. */
function missingIn(error: unknown): string | undefined {
  if (error instanceof BlobMissing) return error.ref;
  return error instanceof Error ? missingIn(error.cause) : undefined;
}

/** The error as it was thrown, as far as messages to a person depend on it. */
export function receivedError({ name, message, stack, code, hint, failure, missing }: SentError): Error {
  if (name === "Cancelled") return new Cancelled();
  const cause = missing === undefined ? undefined : new BlobMissing(missing);
  if (failure) return new Failure(failure, { cause });
  if (cause) return cause;
  const Kind = { TypeError, RangeError, ReferenceError }[name] ?? Error;
  return Object.assign(new Kind(message), { stack, code, hint });
}

/** A value that is sent, and the memory that goes with it instead of being copied on the way. */
export interface Sent<T> {
  value: T;
  memory: ArrayBuffer[];
}

/** A value that others here go on reading: what goes is a copy of its numbers. */
export function sentCopy(value: unknown): Sent<unknown> {
  const memory: ArrayBuffer[] = [];
  const copy = withNumbers(value, (numbers) => {
    const copied = numbers.slice();
    memory.push(copied.buffer as ArrayBuffer);
    return copied;
  });
  return { value: copy, memory };
}

/** Values that nobody here reads any more. Memory of which they are but a part, or that is shared, is copied. */
export function handedOver<K>(values: Iterable<readonly [K, unknown]>): Sent<[K, unknown][]> {
  const memory = new Set<ArrayBuffer>();
  const handOver = (numbers: Tensor["data"]) => {
    const { buffer, byteLength } = numbers;
    const given = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? numbers : numbers.slice();
    memory.add(given.buffer as ArrayBuffer);
    return given;
  };
  const sent = Array.from(values, ([name, value]): [K, unknown] => [name, withNumbers(value, handOver)]);
  return { value: sent, memory: [...memory] };
}

/** A value whose numbers lie in memory that threads share. */
export function shared(value: unknown): unknown {
  return withNumbers(value, (numbers) => {
    const memory = new SharedArrayBuffer(numbers.byteLength);
    new Uint8Array(memory).set(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength));
    return new (numbers.constructor as Float32ArrayConstructor)(memory as unknown as ArrayBuffer);
  });
}

/** A value with other memory for its numbers, if it has any. */
function withNumbers(value: unknown, move: (numbers: Tensor["data"]) => Tensor["data"]): unknown {
  if (typeof value !== "object" || value === null) return value;
  if ("pixels" in value) return { ...value, pixels: withNumbers(value.pixels, move) };
  const { data } = value as Partial<Tensor>;
  return ArrayBuffer.isView(data) ? { ...value, data: move(data) } : value;
}
