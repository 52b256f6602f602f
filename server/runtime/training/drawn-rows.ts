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
import { bytesOfRows, type HeldRows, numbersOf, putRows, roomFor, rowRange, takeHeld } from "./held-rows";

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
    const numbers = this.#numbersOf(from, (await this.draw(rowRange(0, 1), [from])).get(name));
    if (numbers) refuseTooManyRows(this.work.graph, from, count, bytesOfRows(numbers, count));
    return (await this.draw(rowRange(0, count), [from])).get(name);
  }

  /**
   * Some rows of endpoints, by "node.port": of what nodes give that draw anew, too, which `seed` leads. Each node runs
   * at most once on a row, and on none that is held.
   */
  async draw(rows: Uint32Array, reads: readonly Endpoint[], seed: Seed = 0): Promise<Map<string, unknown>> {
    const { held, unknown } = this.#places(reads);
    const missing = rows.filter((row) => held.some((from) => !this.#held.get(endpointKey(from))?.there[row]));
    if (missing.length) {
      const made = await this.#make(missing, held, 0, (name) => this.given.has(name));
      for (const [name, value] of made) putRows(this.#held.get(name) as HeldRows, missing, value);
    }
    const isThere = (name: string) => this.given.has(name) || this.#held.has(name);
    const values = await this.#make(rows, [...reads, ...unknown], seed, isThere);
    for (const from of unknown) this.#weigh(from, rows, values.get(endpointKey(from)));
    return new Map(reads.map((from) => [endpointKey(from), values.get(endpointKey(from))]));
  }

  /** Takes what is there, and runs the nodes between that and the others. */
  async #make(
    rows: Uint32Array,
    reads: readonly Endpoint[],
    seed: Seed,
    isThere: (name: string) => boolean,
  ): Promise<Map<string, unknown>> {
    const { nodes, edges } = this.#between(reads, isThere);
    const values = new Map<string, unknown>();
    const made: string[] = [];
    for (const name of new Set(reads.map(endpointKey))) {
      if (isThere(name)) values.set(name, await this.#take(name, rows));
      else made.push(name);
    }
    if (!made.length) return values;
    const given: [string, { value: unknown }][] = [];
    for (const name of edges) given.push([name, { value: values.get(name) ?? (await this.#take(name, rows)) }]);
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

  /** Rows that are there. */
  async #take(name: string, rows: Uint32Array): Promise<unknown> {
    const held = this.#held.get(name);
    if (held) return takeHeld(held, rows);
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
    if (!this.#held.has(name)) {
      const numbers = this.#numbersOf(from, value);
      const count = this.count(from) ?? 0;
      const bytes = numbers ? bytesOfRows(numbers, count) : 0;
      this.holdsAll &&= bytes <= this.#room;
      if (!numbers || bytes > this.#room) {
        this.#unheld.add(name);
        return;
      }
      this.#room -= bytes;
      this.#held.set(name, roomFor(this.#typeOf(from) as HeldRows["type"], numbers, count));
    }
    putRows(this.#held.get(name) as HeldRows, rows, value);
  }

  #numbersOf(from: Endpoint, value: unknown): Tensor | undefined {
    const type = this.#typeOf(from);
    return hasRows(type) ? numbersOf(type, value) : undefined;
  }

  #typeOf({ node, port }: Endpoint): PortType {
    return (this.#node(node).definition.outputs[port] as Port).type;
  }

  #node(id: string): ResolvedNode {
    return this.work.graph.nodes.get(id) as ResolvedNode;
  }
}
