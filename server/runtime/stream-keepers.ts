/** The outputs of a stream that are kept as their rows come. */
import type { Port } from "#nodes/core/ports";
import type { Tensor } from "#nodes/core/values";
import type { Endpoint } from "#nodes/graph/document";
import { endpointKey } from "#nodes/graph/resolve";
import { refuseTooManyRows } from "./all-rows";
import type { GivenRows } from "./results";
import { hasRows, joinedChunks, type RowType, readAllRows, type StoredChunk, storeChunk, storedBytes } from "./rows";
import { readOutsideOf } from "./steps";
import { rowBytesOf } from "./chunk-rows";
import { nodeOf, type OpenStream } from "./stream-rows";
import { rowCount, sliceRows } from "./values";

/** What is cheap to make again is kept up to so many bytes. */
const smallBytes = 16 * 2 ** 20;

/** Chunks that are smaller together become one value. */
const joinedBytes = 16 * 2 ** 20;

/** The part of the time that telling what is there may take, once there are so many chunks. */
const telling = { share: 0.1, chunks: 64 };
/** What is shown of rows before all of them are there. */
const shown = { rows: 32, bytes: 2 ** 20 };

export interface Keeper {
  endpoint: Endpoint;
  type: RowType;
  /** It is asked for, or costly: kept whatever its size. */
  must: boolean;
  chunks: StoredChunk[];
  bytes: number;
  /** Cheap and too large: let go of. */
  dropped: boolean;
  /** The first rows, for a preview. */
  first?: unknown;
}

export class Keepers {
  /** By "node.port". */
  readonly #all = new Map<string, Keeper>();

  constructor(readonly stream: OpenStream) {
    const outside = readOutsideOf([...stream.steps.keys()], stream.context);
    for (const id of stream.steps.keys()) {
      if (!nodeOf(stream, id).definition.reduce) this.#keepOutputsOf(id, outside);
    }
  }

  #keepOutputsOf(id: string, outside: ReadonlySet<string>): void {
    const { results, targets, graph, types } = this.stream.context;
    const { definition } = nodeOf(this.stream, id);
    for (const port of results.readPorts(id)) {
      const type = (definition.outputs[port] as Port).type;
      const endpoint = { node: id, port };
      const name = endpointKey(endpoint);
      if (!hasRows(type)) continue;
      const must = definition.expensive === true || targets.includes(id) || outside.has(name) || !graph.wired.has(name);
      const dropped = !must && this.stream.rows * rowBytesOf(endpoint, types, this.stream) > smallBytes;
      this.#all.set(name, { endpoint, type, must, chunks: [], bytes: 0, dropped });
    }
  }

  get(from: Endpoint): Keeper | undefined {
    return this.#all.get(endpointKey(from));
  }

  of(id: string): Keeper[] {
    return [...this.#all.values()].filter(({ endpoint }) => endpoint.node === id);
  }

  /** What is kept of some rows. */
  chunk(from: Endpoint, start: number): StoredChunk | undefined {
    return this.get(from)?.chunks[start / this.stream.chunkRows];
  }

  /** The outputs whose rows are asked for now: to be kept, or to be shown. */
  wanting(start: number): Keeper[] {
    return [...this.#all.values()].filter(({ endpoint, dropped, first }) => {
      const isMissing = first === undefined || !this.chunk(endpoint, start);
      // What was let go of is shown all the same, where that takes no model.
      const isCheap = this.stream.steps.get(endpoint.node)?.step.kind === "host";
      return isMissing && (!dropped || (start === 0 && isCheap));
    });
  }

  /** Keeps the next rows of an output. */
  async keep(keeper: Keeper, value: unknown): Promise<void> {
    this.show(keeper, value);
    if (keeper.dropped) return;
    const chunk = await storeChunk(keeper.type, value, this.stream.context.options.blobs);
    keeper.chunks.push(chunk);
    keeper.bytes += storedBytes(keeper.type, chunk.value);
    if (!keeper.must && keeper.bytes > smallBytes) keeper.dropped = true;
  }

  /** Takes the first rows for a preview: a copy, so that no others are held. Where there is one chunk, all of it. */
  show(keeper: Keeper, value: unknown): void {
    const { rows, chunkRows } = this.stream;
    keeper.first ??= rows > chunkRows ? firstRows(keeper.type, value) : value;
  }

  /** Takes up what an earlier run, which was killed, has kept. Gives how many rows of it need not be computed. */
  async resume(): Promise<number> {
    const { rows, chunkRows, context, steps } = this.stream;
    if (rows <= chunkRows) return 0;
    for (const id of steps.keys()) {
      const part = await context.results.partOf(id, chunkRows);
      for (const keeper of this.of(id)) {
        keeper.chunks = part[keeper.endpoint.port] ?? [];
        keeper.bytes = storedBytes(keeper.type, joinedChunks(keeper.chunks));
      }
    }
    const all = [...this.#all.values()];
    const musts = all.filter(({ must }) => must);
    const whole = musts.length ? Math.min(...musts.map(({ chunks }) => chunks.length)) : 0;
    // What has fewer was let go of.
    for (const keeper of all.filter(({ must, chunks }) => !must && chunks.length < whole)) keeper.dropped = true;
    return whole * chunkRows;
  }

  /**
   * Tells what is there up to some row, for a run that goes on after a kill. What is told grows with the chunks: where
   * there are many, not after each of them.
   */
  async keepParts(end: number): Promise<void> {
    const { rows, chunkRows } = this.stream;
    const began = performance.now();
    const isOften = end > telling.chunks * chunkRows && this.#tellingMs > telling.share * (began - this.#began);
    if (end >= rows || isOften) return;
    await this.#keepParts();
    this.#tellingMs += performance.now() - began;
  }
  readonly #began = performance.now();
  #tellingMs = 0;

  async #keepParts(): Promise<void> {
    const { chunkRows, context, steps } = this.stream;
    for (const id of steps.keys()) {
      const kept = this.of(id).filter(({ dropped }) => !dropped);
      if (!kept.length) continue;
      const outputs = Object.fromEntries(kept.map(({ endpoint, chunks }) => [endpoint.port, chunks]));
      await context.results.keepPart(id, chunkRows, outputs);
    }
  }

  /** What was kept of a node's outputs. Chunks that are small together become one. */
  async givenBy(id: string): Promise<Record<string, GivenRows>> {
    const ports: Record<string, GivenRows> = {};
    for (const keeper of this.of(id)) {
      if (keeper.first !== undefined) ports[keeper.endpoint.port] = await this.#given(keeper);
    }
    return ports;
  }

  async #given({ type, chunks, bytes, dropped, first }: Keeper): Promise<GivenRows> {
    const { rows, context } = this.stream;
    if (dropped) return { type, first, rows };
    if (chunks.length === 1) return { type, chunks, first, rows, whole: first };
    if (bytes > joinedBytes) return { type, chunks, first, rows };
    const { blobs } = context.options;
    const whole = await readAllRows(type, joinedChunks(chunks), blobs);
    return { type, chunks: [await storeChunk(type, whole, blobs)], first: whole, rows, whole };
  }

  /** What another node will need all at once must fit, which is known before the first row is computed. */
  refuseTooManyRows(): void {
    const { rows, context, sizes } = this.stream;
    for (const { endpoint } of this.#all.values()) {
      if (!context.readWhole.has(endpointKey(endpoint))) continue;
      const bytes = rows * rowBytesOf(endpoint, context.types, { sizes });
      refuseTooManyRows(context.graph, endpoint, rows, bytes);
    }
  }
}

/** As many rows as a preview is made of. */
function firstRows(type: RowType, value: unknown): unknown {
  const numbers = type === "image" && typeof value === "object" && value && "pixels" in value ? value.pixels : value;
  const { data } = numbers as Partial<Tensor>;
  const count = rowCount(type, value) ?? 0;
  const fitting = Math.floor((shown.bytes * count) / Math.max(1, data?.byteLength ?? 0));
  const taken = Math.min(count, Math.max(shown.rows, fitting));
  if (!data || taken === count) return value;
  const rows = Array.from({ length: taken }, (_, row) => row);
  return sliceRows[type]?.(value as never, rows);
}
