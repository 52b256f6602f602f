/** Names that two windows gave to different things: each took the next one that was free. */
import { compositeIdOf, compositeType } from "./composites";
import type { Composite, GraphDocument } from "./document";
import { isSame } from "./document-shape";
import { idBeside } from "./edits";
import { withWaysMoved } from "./pinned-ways";

/** Old names to new ones. Nodes are those of the document, or, by its id, of a composite. */
export interface Renames {
  nodes: Readonly<Record<string, string>>;
  composites: Readonly<Record<string, string>>;
  /** Of frames and notes. */
  frames: Readonly<Record<string, string>>;
  notes: Readonly<Record<string, string>>;
  within: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

type Level = Pick<GraphDocument, "nodes">;

/** New names for what mine added under names under which theirs added something else. */
export function collisions(base: GraphDocument, mine: GraphDocument, theirs: GraphDocument): Renames {
  const composites = freshNames(base.composites, mine.composites, theirs.composites, (id) => id);
  const shared = Object.keys(base.composites ?? {}).filter((id) => mine.composites?.[id] && theirs.composites?.[id]);
  const within = shared.map((id): [string, Record<string, string>] => {
    const [old, own, other] = [base, mine, theirs].map((each) => each.composites?.[id] as Composite);
    return [id, nodeNames(old as Composite, own as Composite, other as Composite)];
  });
  return {
    nodes: nodeNames(base, mine, theirs),
    composites,
    frames: freshNames(base.frames, mine.frames, theirs.frames, () => "frame"),
    notes: freshNames(base.notes, mine.notes, theirs.notes, () => "note"),
    within: Object.fromEntries(within.filter(([, names]) => Object.keys(names).length)),
  };
}

function nodeNames(base: Level, mine: Level, theirs: Level): Record<string, string> {
  return freshNames(base.nodes, mine.nodes, theirs.nodes, (id) => mine.nodes[id]?.type ?? id);
}

function freshNames(
  base: Readonly<Record<string, unknown>> = {},
  mine: Readonly<Record<string, unknown>> = {},
  theirs: Readonly<Record<string, unknown>> = {},
  stem: (id: string) => string,
): Record<string, string> {
  if (mine === base || theirs === base) return {};
  const taken: Record<string, unknown> = { ...base, ...theirs, ...mine };
  const names: Record<string, string> = {};
  for (const id of Object.keys(mine)) {
    if (Object.hasOwn(base, id) || !Object.hasOwn(theirs, id) || isSame(mine[id], theirs[id])) continue;
    const name = idBeside(taken, stem(id));
    names[id] = name;
    taken[name] = true;
  }
  return names;
}

/** The document with other names, wherever it speaks of what has them. */
export function renamed(document: GraphDocument, renames: Renames): GraphDocument {
  const { nodes, composites, frames, notes, within } = renames;
  const hasNone = [nodes, composites, frames, notes, within].every((names) => !Object.keys(names).length);
  if (hasNone) return document;
  const named = Object.entries(within).reduce(
    (now, [id, names]) => withWaysMoved(now, id, ([first = "", ...rest]) => [nameIn(names, first), ...rest]),
    document,
  );
  const inside = Object.entries(named.composites ?? {}).map(([id, composite]) => [
    nameIn(composites, id),
    renamedComposite(composite, within[id] ?? {}, composites),
  ]);
  const level = renamedLevel(named, nodes, composites);
  return {
    ...level,
    nodes: inFrames(level.nodes, frames),
    ...(document.composites ? { composites: Object.fromEntries(inside) } : {}),
    ...(level.frames ? { frames: inFrames(renamedKeys(level.frames, frames), frames) } : {}),
    ...(level.notes ? { notes: inFrames(renamedKeys(level.notes, notes), frames) } : {}),
  };
}

function renamedKeys<T>(table: Readonly<Record<string, T>>, names: Names): Record<string, T> {
  return Object.fromEntries(Object.entries(table).map(([id, entry]) => [nameIn(names, id), entry]));
}

/** What lies in a frame names it. */
function inFrames<T extends { frame?: string }>(table: Readonly<Record<string, T>>, frames: Names): Record<string, T> {
  const entries = Object.entries(table).map(([id, entry]) => {
    const name = entry.frame === undefined ? undefined : nameIn(frames, entry.frame);
    return [id, name === entry.frame ? entry : { ...entry, frame: name }];
  });
  return Object.fromEntries(entries);
}

type Names = Readonly<Record<string, string>>;

function renamedComposite(composite: Composite, nodes: Names, composites: Names): Composite {
  const level = renamedLevel(composite, nodes, composites);
  const params = Object.entries(level.params).map(([name, param]) => [
    name,
    { ...param, to: param.to.map((target) => ({ ...target, node: nameIn(nodes, target.node) })) },
  ]);
  return { ...level, params: Object.fromEntries(params) };
}

function renamedLevel<T extends Pick<GraphDocument, "nodes" | "wires">>(level: T, nodes: Names, composites: Names): T {
  const entries = Object.entries(level.nodes).map(([id, node]) => {
    const composite = compositeIdOf(node.type);
    const type = composite === undefined ? node.type : compositeType(nameIn(composites, composite));
    return [nameIn(nodes, id), type === node.type ? node : { ...node, type }];
  });
  const wires = level.wires.map((wire) => ({
    ...wire,
    from: { ...wire.from, node: nameIn(nodes, wire.from.node) },
    to: { ...wire.to, node: nameIn(nodes, wire.to.node) },
  }));
  return { ...level, nodes: Object.fromEntries(entries), wires };
}

const nameIn = (names: Names, id: string): string => (Object.hasOwn(names, id) ? (names[id] ?? id) : id);
