/** Two states of a document that come from the same one, made into one that has the edits of both. */
import { registry as everyNode } from "../registry.gen";
import { type Change, changesBetween, changesWithin } from "./changes";
import { compositesIn, compositeNamed } from "./composites";
import type { GraphDocument, Wire } from "./document";
import {
  documentShape,
  fromTable,
  isSame,
  type Shape,
  shapeWithin,
  type Table,
  tableOf,
  wireKey,
} from "./document-shape";
import { collisions, type Renames, renamed } from "./merge-names";
import { type Choice, Choices, type Conflict, type Sides } from "./merge-choices";
import { settledInputs } from "./merge-inputs";
import type { Registry } from "./resolve";

export interface Merge {
  document: GraphDocument;
  /** What was not chosen yet; the document has what is mine there. */
  conflicts: Conflict[];
  /** What they changed since the common state. */
  theirs: Change[];
  /** Nodes and composites of mine that have another name now, because theirs has others of the same. */
  renames: Renames;
}

export interface MergeOptions {
  /** By the key of a conflict. */
  choices?: Readonly<Record<string, Choice>>;
  /** For all conflicts that `choices` does not name. */
  otherwise?: Choice;
  /** Names that were found by another merge with the same theirs; else they are found. */
  renames?: Renames;
  registry?: Registry;
}

/**
 * Merges node by node, parameter by parameter and wire by wire. Edits of different parts are both kept; an edit that
 * both made is made once. Asked is where both gave a value that differs, where one deleted what the other changed or
 * wired, and where both wired an input that takes one wire. Of places, mine is kept.
 */
export function merge(
  base: GraphDocument,
  mine: GraphDocument,
  theirs: GraphDocument,
  options: MergeOptions = {},
): Merge {
  const renames = options.renames ?? collisions(base, mine, theirs);
  const choices = new Choices(options.choices, options.otherwise);
  const own = renamed(mine, renames);
  const together = new Merging(choices).value(documentShape, { base, mine: own, theirs }, []) as GraphDocument;
  const whole = withLackingComposites(together, [own, theirs]);
  const document = settledInputs(whole, { mine: own, theirs, registry: options.registry ?? everyNode }, choices);
  return { document, conflicts: choices.conflicts, theirs: changesBetween(base, theirs), renames };
}

/** Walks through a document, and asks where it must. */
class Merging {
  constructor(readonly choices: Choices) {}

  value(shape: Shape, sides: Sides, path: readonly string[]): unknown {
    const { base, mine, theirs } = sides;
    if (isSame(mine, theirs) || isSame(base, theirs)) return mine;
    if (isSame(base, mine)) return theirs;
    if (shape === "place") return mine;
    const tables = tablesOf(shape, sides, path);
    if (tables) return this.#table(shape, tables, sides, path);
    if (mine === undefined && isOnlyMoved(shape, base, theirs)) return undefined;
    if (theirs === undefined && isOnlyMoved(shape, base, mine)) return undefined;
    return this.choices.choose(sides, path);
  }

  #table(shape: Shape, tables: Tables, sides: Sides, path: readonly string[]): unknown {
    const merged = new Map<string, unknown>();
    for (const name of orderedNames(tables)) {
      const value = this.#entry(shape, name, { tables, sides, merged }, [...path, name]);
      if (value !== undefined) merged.set(name, value);
    }
    return fromTable(merged, sides.mine ?? sides.theirs);
  }

  #entry(shape: Shape, name: string, { tables, sides, merged }: TableMerge, path: readonly string[]): unknown {
    const within = shapeWithin(shape, name);
    if (isGraph(sides) && name === "nodes") return this.#nodes(within, sides, path);
    if (isGraph(sides) && name === "wires") return wiresBetween(sides, merged.get("nodes") as GraphDocument["nodes"]);
    return this.value(within, sidesOf(tables, name), path);
  }

  /** A node that one deleted, and that the other drew a wire to, is asked for as one that was changed is. */
  #nodes(shape: Shape, { base, mine, theirs }: Graphs, path: readonly string[]): unknown {
    const drawn = { mine: nodesWired(base, mine), theirs: nodesWired(base, theirs) };
    const tables = tablesOf(shape, { base: base.nodes, mine: mine.nodes, theirs: theirs.nodes }, path);
    const merged = new Map<string, unknown>();
    for (const name of tables ? orderedNames(tables) : []) {
      const sides = sidesOf(tables as Tables, name);
      const isLost = sides.base !== undefined && (sides.mine === undefined) !== (sides.theirs === undefined);
      const isWired = isLost && (sides.mine === undefined ? drawn.theirs : drawn.mine).has(name);
      const way = [...path, name];
      const value = isWired ? this.choices.choose(sides, way) : this.value(shapeWithin(shape, name), sides, way);
      if (value !== undefined) merged.set(name, value);
    }
    return Object.fromEntries(merged);
  }
}

/** A table on its way: `merged` has what comes before. Nodes come before their wires. */
interface TableMerge {
  tables: Tables;
  sides: Sides;
  merged: ReadonlyMap<string, unknown>;
}

function sidesOf(tables: Tables, name: string): Sides {
  return { base: tables.base.get(name), mine: tables.mine.get(name), theirs: tables.theirs.get(name) };
}

interface Tables {
  base: Table;
  mine: Table;
  theirs: Table;
}

/** The sides as tables. What is an entry of a table is one thing: where one deleted it, it is no table any more. */
function tablesOf(shape: Shape, { base, mine, theirs }: Sides, path: readonly string[]): Tables | undefined {
  const lacks = (side: unknown) => (side === undefined && path.length < 2 ? new Map() : undefined);
  const tables = {
    base: tableOf(shape, base) ?? (base === undefined ? new Map() : undefined),
    mine: tableOf(shape, mine) ?? lacks(mine),
    theirs: tableOf(shape, theirs) ?? lacks(theirs),
  };
  const { base: old, mine: own, theirs: other } = tables;
  return old && own && other && (old.size || own.size || other.size)
    ? { base: old, mine: own, theirs: other }
    : undefined;
}

/** The names of all, in the order of theirs where mine kept that of the base, else in mine; those of one side last. */
function orderedNames({ base, mine, theirs }: Tables): string[] {
  const kept = [...mine.keys()].filter((name) => base.has(name));
  const before = [...base.keys()].filter((name) => mine.has(name));
  const isMoved = kept.some((name, i) => name !== before[i]);
  const [first, second] = isMoved ? [mine, theirs] : [theirs, mine];
  return [...new Set([...first.keys(), ...second.keys()])];
}

function isOnlyMoved(shape: Shape, before: unknown, after: unknown): boolean {
  return before !== undefined && after !== undefined && !changesWithin(shape, before, after, ["", ""]).length;
}

type Level = Pick<GraphDocument, "nodes" | "wires">;
interface Graphs {
  base: Level;
  mine: Level;
  theirs: Level;
}

/** Whether each side is a graph: the document, or the inside of a composite. */
function isGraph(sides: Sides): sides is Graphs & Sides {
  return [sides.base, sides.mine, sides.theirs].every(
    (side) => typeof side === "object" && side !== null && "nodes" in side && "wires" in side,
  );
}

function nodesWired(before: Level, after: Level): Set<string> {
  if (before.wires === after.wires) return new Set();
  const known = new Set(before.wires.map(wireKey));
  const fresh = after.wires.filter((wire) => !known.has(wireKey(wire)));
  return new Set(fresh.flatMap(({ from, to }) => [from.node, to.node]));
}

/**
 * The wires that both have, or one drew; of one that lies in both, what was said of it last. Wires of a node that is
 * gone are gone; those of a node that one deleted, and that stays all the same, stay.
 */
function wiresBetween({ base, mine, theirs }: Graphs, nodes: GraphDocument["nodes"]): Wire[] {
  const [old, own, other] = [base, mine, theirs].map(
    ({ wires }) => new Map(wires.map((wire) => [wireKey(wire), wire])),
  );
  const wires: Wire[] = [];
  for (const key of orderedNames({ base: old as Table, mine: own as Table, theirs: other as Table })) {
    const sides = { base: old?.get(key), mine: own?.get(key), theirs: other?.get(key) };
    const wire = keptWire(sides, { mine, theirs });
    const ends = wire && [wire.from.node, wire.to.node];
    if (wire && ends?.every((id) => Object.hasOwn(nodes, id) || !isKnown(id, [base, mine, theirs]))) wires.push(wire);
  }
  return wires;
}

function keptWire(
  { base, mine, theirs }: { base?: Wire; mine?: Wire; theirs?: Wire },
  levels: { mine: Level; theirs: Level },
): Wire | undefined {
  if (mine && theirs) return isSame(base, mine) ? theirs : mine;
  if (!base) return mine ?? theirs;
  const { nodes } = mine ? levels.theirs : levels.mine;
  const wasCut = isKnown(base.from.node, [{ nodes }], true) && isKnown(base.to.node, [{ nodes }], true);
  return wasCut ? undefined : (mine ?? theirs);
}

/** Whether one of some graphs has a node of this id; the boundary of a composite is always there. */
function isKnown(id: string, levels: readonly Pick<GraphDocument, "nodes">[], boundaryToo = false): boolean {
  return (boundaryToo && id.startsWith("@")) || levels.some(({ nodes }) => Object.hasOwn(nodes, id));
}

/** An instance of which only one side has the composite, since the other had no more need of it, keeps it. */
function withLackingComposites(document: GraphDocument, sources: readonly GraphDocument[]): GraphDocument {
  let whole = document;
  for (let isWhole = false; !isWhole; ) {
    const graphs = [whole, ...Object.values(whole.composites ?? {})];
    const lacking = graphs.flatMap(({ nodes }) => compositesIn(nodes)).filter((id) => !compositeNamed(whole, id));
    const found = lacking.flatMap((id) => {
      const composite = sources.map((source) => compositeNamed(source, id)).find(Boolean);
      return composite ? [[id, composite] as const] : [];
    });
    isWhole = !found.length;
    if (found.length) whole = { ...whole, composites: { ...whole.composites, ...Object.fromEntries(found) } };
  }
  return whole;
}
