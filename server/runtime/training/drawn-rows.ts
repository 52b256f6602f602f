/**
 * Rows of what lies before a training, by their numbers: read where they lie, or made by host nodes when they are
 * drawn. What is made by deterministic nodes and small stays in memory.
 */
import type { Port } from "#nodes/core/ports";
import type { PortType, Tensor } from "#nodes/core/values";
import type { Endpoint } from "#nodes/graph/document";
import type { Cone } from "#nodes/graph/plan";
import { endpointKey, type ResolvedNode } from "#nodes/graph/resolve";
import { rowPorts } from "#nodes/graph/row-ports";
import { Cancelled, Failure, toPublic } from "../../errors";
import { refuseTooManyRows } from "../all-rows";
import { openRowWork, type RowWork, type Work } from "../data-threads/pool";
import { type Seed, TaskError } from "../data-threads/task";
import { memoryLimit } from "../memory";
import { hasRows, type RowType, storedBytes, storedRowCount, takeStoredRows } from "../rows";
import { rowCount, sliceRows } from "../values";
import { bytesLike, type HeldRows, roomFor, rowRange } from "./held-rows";

/** Rows of numbers are held up to so many bytes in all. */
const usualRoom = () => Math.min(256 * 2 ** 20, memoryLimit() / 8);

/** What is there before: in memory, or as it is stored. */
type Given = { type: PortType; value: unknown } | { type: RowType; stored: unknown };

/** What a run has computed already. */
export interface RowsBefore {
  storedOf(from: Endpoint): { type: PortType; stored: unknown };
  valueOf(from: Endpoint): Promise<unknown>;
}

/** Opens what lies before some cones. Of large values nothing is read. */
export async function openDrawnRows(
  work: Omit<Work, "whole">,
  cones: readonly Cone[],
  before: RowsBefore,
  heldBytes = usualRoom(),
): Promise<DrawnRows> {
  const given = new Map<string, Given>();
  let room = heldBytes;
  for (const from of cones.flatMap(({ rows }) => rows)) {
    if (given.has(endpointKey(from))) continue;
    const { type, stored } = before.storedOf(from);
    const bytes = hasRows(type) ? storedBytes(type, stored) : 0;
    const isLarge = hasRows(type) && bytes > room;
    if (!isLarge) room -= bytes;
    given.set(endpointKey(from), isLarge ? { type, stored } : { type, value: await before.valueOf(from) });
  }
  const whole = new Map<string, unknown>();
  for (const id of cones.flatMap((cone) => [...cone.drawn, ...cone.stepwise])) {
    for (const from of sourcesOf(work.graph.nodes.get(id) as ResolvedNode, false)) {
      if (given.has(endpointKey(from))) whole.set(endpointKey(from), await before.valueOf(from));
    }
  }
  return new DrawnRows({ ...work, whole }, before, given, new Set(cones.flatMap((cone) => cone.drawn)), room);
}

/** The wires along which a host node takes its rows, or all others. */
function sourcesOf({ definition, inputs }: ResolvedNode, areRows: boolean): Endpoint[] {
  const rows = new Set(rowPorts(definition));
  return Object.entries(inputs).flatMap(([name, sources]) => (rows.has(name) === areRows ? sources : []));
}

/** Which of the nodes it was goes along with what went wrong. */
function nameNode(error: unknown): never {
  if (!(error instanceof TaskError)) throw error;
  if (error.cause instanceof Cancelled) throw error.cause;
  throw new Failure(toPublic(error.cause, { node: error.node }), { cause: error.cause });
}

export class DrawnRows {
  readonly #held = new Map<string, HeldRows>();
  /** How many bytes of the room each of them takes. */
  readonly #reserved = new Map<string, number>();
  /** Endpoints of deterministic nodes that there is no room for, or that are no numbers. */
  readonly #unheld = new Set<string>();
  /** Whether there was room for all rows of everything that was drawn. */
  holdsAll = true;
  #runner: RowWork;
  #room: number;

  constructor(
    readonly work: Work,
    readonly before: RowsBefore,
    readonly given: ReadonlyMap<string, Given>,
    /** Nodes that give the same for a row whenever it is drawn. */
    readonly steady: ReadonlySet<string>,
    /** How many bytes may be held of what nodes make. */
    readonly room: number,
  ) {
    this.#runner = openRowWork(work, 0);
    this.#room = room;
  }

  /** Has nodes run in threads from now on. */
  startThreads(count?: number): void {
    this.#runner = openRowWork(this.work, count);
  }

  /** How many bytes of rows are in memory. */
  get heldBytes(): number {
    return this.room - this.#room;
  }

  /** How many threads have started. */
  get threads(): number {
    return this.#runner.ready;
  }

  close(): void {
    this.#runner.close();
  }

  /** How many rows an endpoint has; nothing where it has none. */
  count(from: Endpoint): number | undefined {
    const given = this.given.get(endpointKey(from));
    if (given) return "stored" in given ? storedRowCount(given.type, given.stored) : rowCount(given.type, given.value);
    const [source] = this.rowSources(from.node);
    return source && this.count(source);
  }

  /** The wires along which a host node takes its rows. */
  rowSources(id: string): Endpoint[] {
    return sourcesOf(this.#node(id), true);
  }

  /** A tensor that is in memory before the training. */
  tensor(name: string): Tensor | undefined {
    const given = this.given.get(name);
    return given?.type === "tensor" && "value" in given ? (given.value as Tensor) : undefined;
  }

  /** All rows of an endpoint, or its value where it has none. Throws when they do not fit. */
  async whole(from: Endpoint): Promise<unknown> {
    const name = endpointKey(from);
    if (this.given.has(name)) return this.before.valueOf(from);
    const count = this.count(from) ?? 0;
    const bytes = this.#bytesLike(from, (await this.draw(rowRange(0, 1), [from])).get(name));
    if (bytes) refuseTooManyRows(this.work.graph, from, count, bytes);
    return (await this.draw(rowRange(0, count), [from])).get(name);
  }

  /**
   * Some rows of endpoints, by "node.port": of what nodes give that draw anew, too, which `seed` leads. Each node runs
   * at most once on a row, and on none that is held.
   */
  async draw(rows: Uint32Array, reads: readonly Endpoint[], seed: Seed = 0): Promise<Map<string, unknown>> {
    const { held, unknown } = this.#places(reads);
    const missing = rows.filter((row) => held.some((from) => !this.#held.get(endpointKey(from))?.has(row)));
    if (missing.length) {
      const made = await this.#make(missing, held, 0, new Map());
      for (const [name, value] of made) this.#put(name, missing, value);
    }
    // What is let go of meanwhile is read here all the same.
    const there = new Map([...this.#held].filter(([, each]) => rows.every((row) => each.has(row))));
    const values = await this.#make(rows, [...reads, ...unknown], seed, there);
    for (const from of unknown) this.#weigh(from, rows, values.get(endpointKey(from)));
    return new Map(reads.map((from) => [endpointKey(from), values.get(endpointKey(from))]));
  }

  /** Takes what is there, and runs the nodes between that and the others. */
  async #make(
    rows: Uint32Array,
    reads: readonly Endpoint[],
    seed: Seed,
    held: ReadonlyMap<string, HeldRows>,
  ): Promise<Map<string, unknown>> {
    const isThere = (name: string) => this.given.has(name) || held.has(name);
    const takeOf = (name: string) => held.get(name)?.take(rows) ?? this.#take(name, rows);
    const { nodes, edges } = this.#between(reads, isThere);
    const values = new Map<string, unknown>();
    const made: string[] = [];
    for (const name of new Set(reads.map(endpointKey))) {
      if (isThere(name)) values.set(name, await takeOf(name));
      else made.push(name);
    }
    if (!made.length) return values;
    const given: [string, { value: unknown }][] = [];
    for (const name of edges) given.push([name, { value: values.get(name) ?? (await takeOf(name)) }]);
    const task = { nodes, given, reads: made, seed };
    const done = await this.#runner.run(task).catch(nameNode);
    for (const [name, value] of done.values) values.set(name, value);
    return values;
  }

  /** The nodes that must run for endpoints, in order, and what they read that is there. */
  #between(reads: readonly Endpoint[], isThere: (name: string) => boolean): { nodes: string[]; edges: Set<string> } {
    const nodes = new Set<string>();
    const edges = new Set<string>();
    const visit = (id: string): void => {
      if (nodes.has(id)) return;
      nodes.add(id);
      for (const from of this.rowSources(id)) {
        if (isThere(endpointKey(from))) edges.add(endpointKey(from));
        else visit(from.node);
      }
    };
    for (const from of reads) if (!isThere(endpointKey(from))) visit(from.node);
    return { nodes: [...this.work.graph.nodes.keys()].filter((id) => nodes.has(id)), edges };
  }

  /** Rows of what was there before. */
  async #take(name: string, rows: Uint32Array): Promise<unknown> {
    const given = this.given.get(name) as Given;
    if ("stored" in given) return takeStoredRows(given.type, given.stored, rows, this.work.blobs);
    return sliceRows[given.type]?.(given.value as never, rows);
  }

  /**
   * What is held of that which deterministic nodes give to these endpoints, and what it is not known of yet whether
   * there is room for it: the last in the row, or where that is too large, what it is made of.
   */
  #places(reads: readonly Endpoint[]): { held: Endpoint[]; unknown: Endpoint[] } {
    const held = new Map<string, Endpoint>();
    const unknown = new Map<string, Endpoint>();
    const visit = (from: Endpoint): void => {
      const name = endpointKey(from);
      if (this.given.has(name)) return;
      if (this.#held.has(name)) held.set(name, from);
      else if (this.steady.has(from.node) && !this.#unheld.has(name)) unknown.set(name, from);
      else this.rowSources(from.node).forEach(visit);
    };
    reads.forEach(visit);
    return { held: [...held.values()], unknown: [...unknown.values()] };
  }

  /** Holds all rows of what a node gives from now on, if there is room for them. */
  #weigh(from: Endpoint, rows: Uint32Array, value: unknown): void {
    const name = endpointKey(from);
    if (this.#unheld.has(name)) return;
    if (!this.#held.has(name)) {
      const bytes = this.#bytesLike(from, value);
      this.holdsAll &&= (bytes ?? 0) <= this.#room;
      if (bytes === undefined || bytes > this.#room) {
        this.#unheld.add(name);
        return;
      }
      this.#room -= bytes;
      this.#reserved.set(name, bytes);
      this.#held.set(name, roomFor(this.#typeOf(from) as "image" | "tensor", value, this.count(from) ?? 0));
    }
    this.#put(name, rows, value);
  }

  /**
   * Puts rows where they are held. Rows of any number of items may take more than the first ones let expect: what there
   * is no room for any more is let go of.
   */
  #put(name: string, rows: Uint32Array, value: unknown): void {
    const held = this.#held.get(name);
    if (!held) return;
    held.put(rows, value);
    const reserved = this.#reserved.get(name) ?? 0;
    const more = Math.max(0, held.bytes - reserved);
    this.#room -= more;
    this.#reserved.set(name, reserved + more);
    if (this.#room >= 0) return;
    this.#held.delete(name);
    this.#unheld.add(name);
    this.#room += reserved + more;
    this.holdsAll = false;
  }

  /** What all rows of an endpoint take, where these are some of them; nothing for what is no numbers. */
  #bytesLike(from: Endpoint, value: unknown): number | undefined {
    const type = this.#typeOf(from);
    return hasRows(type) ? bytesLike(type, value, this.count(from) ?? 0) : undefined;
  }

  #typeOf({ node, port }: Endpoint): PortType {
    return (this.#node(node).definition.outputs[port] as Port).type;
  }

  #node(id: string): ResolvedNode {
    return this.work.graph.nodes.get(id) as ResolvedNode;
  }
}
