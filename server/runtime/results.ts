import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Host } from "#nodes/core/host";
import type { Port } from "#nodes/core/ports";
import type { Preview } from "#nodes/core/preview";
import type { PortType } from "#nodes/core/values";
import type { Endpoint } from "#nodes/graph/document";
import { endpointKey, type ResolvedGraph, type ResolvedNode } from "#nodes/graph/resolve";
import { Failure } from "../errors";
import type { ReadValue } from "../runtime-failures";
import { type Blobs, refsIn } from "../storage/blobs";
import { refuseTooManyRows } from "./all-rows";
import { type Cache, type CacheEntry, openCache, type StoredWarning } from "./cache";
import { pinnedEntry } from "../storage/pinned";
import type { StoredOutputs } from "../storage/stored-rows";
import { previewOf, previewOfRows } from "./previews";
import {
  isStoredRows,
  joinedChunks,
  type RowType,
  rangeOf,
  readAllRows,
  readRows,
  type StoredChunk,
  type StoredRows,
  storedBytes,
  storedItemCount,
  storedRowCount,
} from "./rows";
import { loadValue, rowCount, type StoredTensor, storeValue, widthOf } from "./values";

export interface ResultsOptions {
  graph: ResolvedGraph;
  /** What the result of each node is named by: equal signatures mean equal results. */
  signatures: ReadonlyMap<string, string>;
  blobs: Blobs;
  cacheDir: string;
  scratch: string;
}

/** What a node gave at one port, chunk by chunk. */
export interface GivenRows {
  type: RowType;
  /** Nothing where it was too large to be worth keeping. */
  chunks?: StoredChunk[];
  /** The first rows, for a preview. */
  first: unknown;
  /** All rows, where they are in memory. */
  whole?: unknown;
  rows: number;
}

/** Of rows that are not held, a preview is made of so many. */
const shownRows = 4096;

/** What the nodes of one execution gave: found in the cache or kept there, and loaded when it is first read. */
export class Results {
  readonly #cache: Cache;
  readonly #entries = new Map<string, CacheEntry>();
  /** Values in memory by endpoint. */
  readonly #values = new Map<string, Promise<unknown>>();

  constructor(readonly options: ResultsOptions) {
    this.#cache = openCache(options.cacheDir);
  }

  /** Finds what is cached for all nodes, but for those that have an effect on the world and must run. */
  async findAll(): Promise<void> {
    const repeatable = [...this.options.graph.nodes.values()].filter(({ definition }) => !definition.effect);
    await Promise.all(repeatable.map(({ id }) => this.find(id)));
  }

  /** The cached result of a node, if it is there with all that it refers to and with all ports that are read. */
  async find(id: string): Promise<CacheEntry | undefined> {
    const { pin, definition } = this.options.graph.nodes.get(id) ?? {};
    if (pin) {
      const pinned = await pinnedEntry(pin, id, definition?.title ?? id, this.options.blobs);
      this.#entries.set(id, pinned);
      return pinned;
    }
    const entry = await this.#cache.get(this.signatureOf(id));
    if (!entry || !this.readPorts(id).every((port) => port in entry.outputs)) return undefined;
    if (!(await this.#isWhole(entry))) return undefined;
    this.#entries.set(id, entry);
    return entry;
  }

  /** Whether everything that is referred to is in the store; it counts as used now. */
  async #isWhole(entry: object): Promise<boolean> {
    const found = await Promise.all(refsIn(entry).map((ref) => this.options.blobs.use(ref)));
    return found.every(Boolean);
  }

  /** Nodes whose results are not whole any more: the cache gave something of them up. */
  async lost(): Promise<string[]> {
    const found = [...this.#entries];
    const whole = await Promise.all(found.map(([, entry]) => this.#isWhole(entry)));
    return found.flatMap(([id], i) => (whole[i] ? [] : [id]));
  }

  entryOf(id: string): CacheEntry | undefined {
    return this.#entries.get(id);
  }

  signatureOf(id: string): string {
    return this.options.signatures.get(id) as string;
  }

  /** Output ports of a node that something reads, or all of them when nothing does. */
  readPorts(id: string): string[] {
    const { nodes, wired } = this.options.graph;
    const ports = Object.keys(nodes.get(id)?.definition.outputs ?? {});
    const read = ports.filter((port) => wired.has(endpointKey({ node: id, port })));
    return read.length ? read : ports;
  }

  /** Stores what a node gave, with what was warned of meanwhile, and draws its previews. */
  async keep(
    node: ResolvedNode,
    values: ReadonlyMap<string, unknown>,
    warnings: StoredWarning[],
    host: Host,
  ): Promise<CacheEntry> {
    const { id, definition } = node;
    const entry: CacheEntry = { type: definition.type, outputs: {}, previews: {}, warnings };
    for (const [port, { type }] of Object.entries<Port>(definition.outputs)) {
      const endpoint = endpointKey({ node: id, port });
      const value = values.get(endpoint);
      if (value === undefined) continue;
      if (isStoredRows(value)) {
        entry.outputs[port] = value; // kept as they came
        const first = await readRows(type as RowType, value, 0, Math.min(value.rows, shownRows), this.options.blobs);
        entry.previews[port] = await previewOfRows(type as RowType, first, value.rows, host);
        continue;
      }
      this.#values.set(endpoint, Promise.resolve(value));
      entry.outputs[port] = await storeValue(type, value, this.options.blobs);
      entry.previews[port] = (await previewOf(type, value, host)) as Preview;
    }
    await this.#keepEntry(node, entry);
    return entry;
  }

  /** Stores what is no result of a node, such as what a training gives that was stopped: it is never found again. */
  async storeApart({ definition }: ResolvedNode, values: object): Promise<StoredOutputs> {
    const given = new Map<string, unknown>(Object.entries(values));
    const outputs: StoredOutputs = {};
    for (const [port, { type }] of Object.entries<Port>(definition.outputs)) {
      const value = given.get(port);
      if (value !== undefined) outputs[port] = { type, value: await storeValue(type, value, this.options.blobs) };
    }
    return outputs;
  }

  /** Keeps the rows that a node gave chunk by chunk. Ports that were too large to keep have previews alone. */
  async keepRows(
    node: ResolvedNode,
    ports: Readonly<Record<string, GivenRows>>,
    warnings: StoredWarning[],
    host: Host,
  ): Promise<CacheEntry> {
    const { id, definition } = node;
    const entry: CacheEntry = { type: definition.type, outputs: {}, previews: {}, warnings };
    for (const [port, { type, chunks, first, whole, rows }] of Object.entries(ports)) {
      const items = chunks && storedItemCount(joinedChunks(chunks));
      entry.previews[port] = await previewOfRows(type, first, rows, host, items);
      if (!chunks) continue;
      entry.outputs[port] = joinedChunks(chunks);
      if (whole !== undefined) this.#values.set(endpointKey({ node: id, port }), Promise.resolve(whole));
    }
    await this.#keepEntry(node, entry);
    return entry;
  }

  async #keepEntry({ id, definition }: ResolvedNode, entry: CacheEntry): Promise<void> {
    this.#entries.set(id, entry);
    const signature = this.signatureOf(id);
    if (!definition.effect) await this.#cache.set(signature, entry);
    // A training's checkpoints: its result is kept now.
    await rm(join(this.options.scratch, signature), { recursive: true, force: true });
  }

  /** The whole chunks of a node's result that an earlier run left, if all that they refer to is there. */
  async partOf(id: string, chunkRows: number): Promise<Record<string, StoredChunk[]>> {
    const part = await this.#cache.getPartial(this.signatureOf(id));
    if (part?.chunkRows !== chunkRows || !(await this.#isWhole(part))) return {};
    return part.outputs;
  }

  keepPart(id: string, chunkRows: number, outputs: Record<string, StoredChunk[]>): Promise<void> {
    return this.#cache.setPartial(this.signatureOf(id), { chunkRows, outputs });
  }

  /** What a node gave, as it is stored. */
  outputsOf(id: string): StoredOutputs {
    const ports = this.options.graph.nodes.get(id)?.definition.outputs ?? {};
    const outputs = Object.entries(this.#entries.get(id)?.outputs ?? {});
    return Object.fromEntries(outputs.map(([port, value]) => [port, { type: (ports[port] as Port).type, value }]));
  }

  /** What nodes read from outside of them, as far as it is there: for messages. */
  readBy(nodes: readonly string[]): ReadValue[] {
    const sources = nodes.flatMap((id) => Object.values(this.options.graph.nodes.get(id)?.inputs ?? {}).flat());
    const outside = new Map(
      sources.filter(({ node }) => !nodes.includes(node)).map((from) => [endpointKey(from), from]),
    );
    return [...outside].flatMap(([endpoint, { node, port }]) => {
      const output = this.outputsOf(node)[port];
      return output ? [{ endpoint, type: output.type, ...sizesOf(output.value) }] : [];
    });
  }

  /** The value of an output, all rows of it. Throws when its node gave none, or when it is too large to be held. */
  value(from: Endpoint): Promise<unknown> {
    const known = this.#values.get(endpointKey(from));
    if (known) return known;
    const { type, stored } = this.storedOf(from);
    if (isStoredRows(stored)) return this.#allRows(from, type as RowType, stored);
    const loaded = loadValue(type, stored, this.options.blobs);
    this.#values.set(endpointKey(from), loaded);
    return loaded;
  }

  /** Puts rows together for a node that needs all of them; they are not held beyond that. */
  async #allRows(from: Endpoint, type: RowType, stored: StoredRows): Promise<unknown> {
    const bytes = storedBytes(type, stored);
    refuseTooManyRows(this.options.graph, from, stored.rows, bytes);
    return readAllRows(type, stored, this.options.blobs);
  }

  /** How many rows an output has. */
  async rowCount(from: Endpoint): Promise<number> {
    const known = this.#values.get(endpointKey(from));
    if (known) return rowCount(this.#typeOf(from), await known) ?? 0;
    const { type, stored } = this.storedOf(from);
    return storedRowCount(type as RowType, stored);
  }

  /** Rows `start` up to `end` of an output. */
  async rows(from: Endpoint, start: number, end: number): Promise<unknown> {
    const known = this.#values.get(endpointKey(from));
    if (known) return rangeOf(this.#typeOf(from) as RowType, (await known) as never, start, end);
    const { type, stored } = this.storedOf(from);
    return readRows(type as RowType, stored, start, end, this.options.blobs);
  }

  /** An output as it is stored. Throws when its node gave none. */
  storedOf(from: Endpoint): { type: PortType; stored: unknown } {
    const entry = this.#entries.get(from.node);
    if (entry && from.port in entry.outputs) return { type: this.#typeOf(from), stored: entry.outputs[from.port] };
    throw new Failure({
      node: from.node,
      port: from.port,
      message: `${endpointKey(from)} gave no value, though something reads it.`,
      hint: "Check the node's settings; an optional output may be switched off.",
    });
  }

  #typeOf(from: Endpoint): PortType {
    return (this.options.graph.nodes.get(from.node)?.definition.outputs[from.port] as Port).type;
  }
}

/** The sizes of a stored value, where it has any. */
function sizesOf(stored: unknown): Partial<ReadValue> {
  if (Array.isArray(stored)) return { count: stored.length };
  const { pixels, files, ...tensor } = (stored ?? {}) as Partial<StoredTensor> & {
    pixels?: StoredTensor;
    files?: unknown[];
  };
  if (files) return { count: files.length };
  const { dtype, shape } = pixels ?? tensor;
  if (!dtype || !shape) return {};
  return { dtype, shape, bytes: shape.reduce((product, length) => product * length, widthOf(dtype)) };
}
