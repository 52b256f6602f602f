/** Changes inside of composites and of their boundaries, as pure functions of the whole document. */
import { cleanText } from "#models/files/text";
import { withAnnotations } from "./annotations";
import { circleFrom } from "./composite-bounds";
import { compositeIdOf, compositeNamed, insideOf } from "./composites";
import { boundary, type Composite, type GraphDocument, type Wire } from "./document";
import { idBeside } from "./edits";
import { withPinsFollowing, withSoundPins } from "./pinned-ways";
import { mapTargets, nameFor, withPublished } from "./handed-on";

type Change = (document: GraphDocument) => GraphDocument;
export type Side = "inputs" | "outputs";
/** A parameter of a node inside. */
type Target = Composite["params"][string]["to"][number];

/**
 * Makes an edit inside of a composite, which is the graph itself without one. Ports and published parameters of which
 * the inside is gone are gone, too, with the wires and values that instances have for them.
 */
export function within(document: GraphDocument, composite: string | undefined, change: Change): GraphDocument {
  if (composite === undefined) return change(document);
  const inside = insideOf(document, composite);
  if (!inside) return document;
  const changed = change(inside);
  if (changed === inside) return document;
  const { nodes, wires } = changed;
  const before = compositeNamed(changed, composite) as Composite;
  // What is said of the boundary by drawing a wire is declared.
  const after: Composite = withAnnotations({ ...before, nodes, wires: wires as Composite["wires"] }, changed);
  const composites = { ...changed.composites, [composite]: declared(after) };
  const outside = { ...changed, nodes: document.nodes, wires: document.wires, composites };
  const whole = withAnnotations(outside, document);
  return withSoundBoundaries(withPinsFollowing(whole, composite, inside.nodes));
}

/** The composite that contains itself through its own inside, as a sentence; nothing while none does. */
export function circleReason({ composites = {} }: GraphDocument, composite: string): string | undefined {
  const circle = circleFrom(composites, composite);
  if (!circle) return undefined;
  const titles = [...circle, circle[0] ?? ""].map((id) => `“${composites[id]?.title ?? id}”`);
  return `A composite cannot contain itself: ${titles.join(" → ")}.`;
}

export function setCompositeText(
  document: GraphDocument,
  composite: string,
  text: Partial<Pick<Composite, "title" | "description">>,
): GraphDocument {
  const { title, description } = text;
  return changeComposite(document, composite, (now) => ({
    ...now,
    ...(title?.trim() ? { title: cleanText(title) } : {}),
    ...(description === undefined ? {} : { description: cleanText(description) || undefined }),
  }));
}

/** Renames a port, for all instances; a name that is taken or none at all changes nothing. */
export function renamePort(
  document: GraphDocument,
  composite: string,
  side: Side,
  from: string,
  to: string,
): GraphDocument {
  const name = portNameFor(document, composite, side, to);
  if (name === undefined || name === from) return document;
  const end = side === "inputs" ? boundary.inputs : boundary.outputs;
  const changed = changeComposite(document, composite, (now) => ({
    ...now,
    [side]: renamedIn(now[side], from, name),
    wires: now.wires.map((wire) => renamedEnd(wire, { node: end, port: from }, name)) as Composite["wires"],
  }));
  return forInstances(changed, composite, (level, instances) => ({
    ...level,
    wires: level.wires.map((wire) =>
      instances.reduce((now, node) => renamedOuterEnd(now, side, { node, port: from }, name), wire),
    ),
  }));
}

/** Takes a port away, with all wires to it, inside and outside. */
export function removePort(document: GraphDocument, composite: string, side: Side, port: string): GraphDocument {
  const end = side === "inputs" ? "from" : "to";
  const node = side === "inputs" ? boundary.inputs : boundary.outputs;
  const changed = changeComposite(document, composite, (now) => ({
    ...now,
    wires: now.wires.filter((wire) => wire[end].node !== node || wire[end].port !== port),
  }));
  return withSoundBoundaries(changed);
}

/** Puts a port, or a published parameter, one place up or down in its list. */
export function moveOuter(
  document: GraphDocument,
  composite: string,
  list: Side | "params",
  name: string,
  by: -1 | 1,
): GraphDocument {
  return changeComposite(document, composite, (now) => ({ ...now, [list]: movedIn<unknown>(now[list], name, by) }));
}

/** Publishes a parameter of a node inside: each instance has a value of its own for it. */
export function publish(document: GraphDocument, composite: string, node: string, param: string): GraphDocument {
  const now = compositeNamed(document, composite);
  if (!now || publishedName(now, node, param) !== undefined) return document;
  const name = nameFor(now.params, { node, param });
  return changeComposite(document, composite, () => ({
    ...now,
    params: { ...now.params, [name]: { to: [{ node, param }] } },
  }));
}

/** Lets a published parameter set one more parameter inside: one value for several. */
export function publishWith(document: GraphDocument, composite: string, name: string, target: Target): GraphDocument {
  const now = compositeNamed(document, composite);
  const published = now && Object.hasOwn(now.params, name) ? now.params[name] : undefined;
  if (!now || !published || publishedName(now, target.node, target.param) !== undefined) return document;
  const params = { ...now.params, [name]: { ...published, to: [...published.to, target] } };
  return changeComposite(document, composite, () => ({ ...now, params }));
}

/** Takes one parameter inside out of what is published; the last one takes the published parameter with it. */
export function unpublishTarget(document: GraphDocument, composite: string, { node, param }: Target): GraphDocument {
  const now = compositeNamed(document, composite);
  const name = now && publishedName(now, node, param);
  const published = name === undefined ? undefined : now?.params[name];
  if (!now || name === undefined || !published) return document;
  const to = published.to.filter((each) => each.node !== node || each.param !== param);
  if (!to.length) return unpublish(document, composite, name);
  const params = { ...now.params, [name]: { ...published, to } };
  return changeComposite(document, composite, () => ({ ...now, params }));
}

export function unpublish(document: GraphDocument, composite: string, name: string): GraphDocument {
  const changed = changeComposite(document, composite, (now) => ({ ...now, params: without(now.params, [name]) }));
  return withoutOuter(changed, composite, { inputs: [], outputs: [], params: [name] });
}

/** What a published parameter is called in forms. */
export function labelParam(document: GraphDocument, composite: string, name: string, label: string): GraphDocument {
  return changeComposite(document, composite, (now) => {
    const param = Object.hasOwn(now.params, name) ? now.params[name] : undefined;
    if (!param) return now;
    return { ...now, params: { ...now.params, [name]: { ...param, label: cleanText(label) || undefined } } };
  });
}

/** The name under which a parameter of a node inside is published. */
export function publishedName({ params }: Composite, node: string, param: string): string | undefined {
  return Object.keys(params).find((name) =>
    params[name]?.to.some((each) => each.node === node && each.param === param),
  );
}

/** A name for a new port of a boundary, made of the one that it meets. */
export function freePort(document: GraphDocument, composite: string, side: Side, like: string): string {
  return idBeside(compositeNamed(document, composite)?.[side] ?? {}, like.replace(/\W/g, "_"));
}

function changeComposite(
  document: GraphDocument,
  id: string,
  change: (composite: Composite) => Composite,
): GraphDocument {
  const composite = compositeNamed(document, id);
  const changed = composite && change(composite);
  if (!changed || changed === composite) return document;
  return { ...document, composites: { ...document.composites, [id]: changed } };
}

type Level = Pick<GraphDocument, "nodes" | "wires">;

/** Changes every graph, that of the document and those inside of composites, that has instances of a composite. */
function forInstances(
  document: GraphDocument,
  composite: string,
  change: (level: Level, instances: readonly string[]) => Level,
): GraphDocument {
  function changed<T extends Level>(level: T): T {
    const instances = Object.keys(level.nodes).filter((id) => compositeIdOf(level.nodes[id]?.type ?? "") === composite);
    return instances.length ? { ...level, ...change(level, instances) } : level;
  }
  const entries = Object.entries(document.composites ?? {}).map(([id, each]) => [id, changed(each)]);
  return { ...changed(document), composites: Object.fromEntries(entries) };
}

/** Boundary wires inside of a composite whose ports it does not declare yet declare them. */
function declared(composite: Composite): Composite {
  const inputs = { ...composite.inputs };
  const outputs = { ...composite.outputs };
  for (const { from, to } of composite.wires) {
    if (from.node === boundary.inputs) inputs[from.port] ??= {};
    if (to.node === boundary.outputs) outputs[to.port] ??= {};
  }
  return { ...composite, inputs, outputs };
}

/**
 * Lets go of what has no inside any more: ports without wires, published parameters of nodes that are gone, and what
 * instances have for them. That may leave ports of the composites around them without wires, and so on.
 */
function withSoundBoundaries(document: GraphDocument): GraphDocument {
  let now = document;
  for (let isSound = false; !isSound; ) {
    isSound = true;
    for (const id of Object.keys(now.composites ?? {})) {
      // As it is by now: one before it may have taken something from it.
      const composite = compositeNamed(now, id) as Composite;
      const sound = soundBoundary(composite);
      if (sound === composite) continue;
      isSound = false;
      const gone = (list: Side | "params") =>
        Object.keys(composite[list]).filter((name) => !Object.hasOwn(sound[list], name));
      now = { ...now, composites: { ...now.composites, [id]: sound } };
      now = takenFromInstances(now, id, { inputs: gone("inputs"), outputs: gone("outputs"), params: gone("params") });
    }
  }
  return withSoundPins(now);
}

/** The composite itself where nothing of its boundary lacks an inside. */
function soundBoundary(composite: Composite): Composite {
  const { nodes, wires, params } = composite;
  const isRead = (port: string) => wires.some(({ from }) => from.node === boundary.inputs && from.port === port);
  const isGiven = (port: string) => wires.some(({ to }) => to.node === boundary.outputs && to.port === port);
  const inputs = kept(composite.inputs, isRead);
  const outputs = kept(composite.outputs, isGiven);
  const left = Object.entries(params).flatMap(([name, published]) => {
    const to = published.to.filter(({ node }) => Object.hasOwn(nodes, node));
    return to.length ? [[name, to.length === published.to.length ? published : { ...published, to }] as const] : [];
  });
  const isSound =
    inputs === composite.inputs &&
    outputs === composite.outputs &&
    left.length === Object.keys(params).length &&
    left.every(([name, published]) => published === params[name]);
  return isSound ? composite : { ...composite, inputs, outputs, params: Object.fromEntries(left) };
}

/** What a composite has no more. */
type Gone = Record<Side | "params", string[]>;

/**
 * Takes from instances their wires to ports, and their values of published parameters, that a composite has no more;
 * and from the composites around them what has no inside any more for that.
 */
export function withoutOuter(document: GraphDocument, composite: string, gone: Gone): GraphDocument {
  return withSoundBoundaries(takenFromInstances(document, composite, gone));
}

function takenFromInstances(document: GraphDocument, composite: string, gone: Gone): GraphDocument {
  if (!gone.inputs.length && !gone.outputs.length && !gone.params.length) return document;
  const now = forInstances(document, composite, (level, instances) => {
    const isGone = ({ from, to }: Wire) =>
      (instances.includes(from.node) && gone.outputs.includes(from.port)) ||
      (instances.includes(to.node) && gone.inputs.includes(to.port));
    const changed = instances.flatMap((id) => {
      const node = level.nodes[id];
      return node ? [[id, { ...node, params: without(node.params, gone.params) }] as const] : [];
    });
    return {
      nodes: { ...level.nodes, ...Object.fromEntries(changed) },
      wires: level.wires.filter((wire) => !isGone(wire)),
    };
  });
  return gone.params.length ? withoutTargets(now, composite, gone.params) : now;
}

/** Composites publish no more what their instances of another one have no more. */
function withoutTargets(document: GraphDocument, composite: string, params: readonly string[]): GraphDocument {
  const ids = Object.keys(document.composites ?? {});
  return ids.reduce(
    (now, id) =>
      withPublished(now, id, (published) =>
        mapTargets(published, (target) => {
          const type = compositeNamed(now, id)?.nodes[target.node]?.type ?? "";
          return compositeIdOf(type) === composite && params.includes(target.param) ? [] : [target];
        }),
      ),
    document,
  );
}

function kept<T>(table: Record<string, T>, isKept: (name: string) => boolean): Record<string, T> {
  const names = Object.keys(table);
  return names.every(isKept) ? table : Object.fromEntries(Object.entries(table).filter(([name]) => isKept(name)));
}

const without = <T>(table: Readonly<Record<string, T>>, names: readonly string[]): Record<string, T> =>
  Object.fromEntries(Object.entries(table).filter(([name]) => !names.includes(name)));

function movedIn<T>(table: Record<string, T>, name: string, by: -1 | 1): Record<string, T> {
  const entries = Object.entries(table);
  const place = entries.findIndex(([each]) => each === name);
  const other = place + by;
  if (place < 0 || other < 0 || other >= entries.length) return table;
  const moved = entries.toSpliced(place, 1).toSpliced(other, 0, entries[place] as [string, T]);
  return Object.fromEntries(moved);
}

const renamedIn = <T>(table: Record<string, T>, from: string, to: string): Record<string, T> =>
  Object.fromEntries(Object.entries(table).map(([name, value]) => [name === from ? to : name, value]));

type End = { node: string; port: string };

function renamedEnd(wire: Wire, { node, port }: End, name: string): Wire {
  const isFrom = wire.from.node === node && wire.from.port === port;
  const isTo = wire.to.node === node && wire.to.port === port;
  if (!isFrom && !isTo) return wire;
  return isFrom ? { ...wire, from: { node, port: name } } : { ...wire, to: { node, port: name } };
}

/** Of an instance that feeds itself, only the end at the renamed side. */
function renamedOuterEnd(wire: Wire, side: Side, { node, port }: End, name: string): Wire {
  const end = side === "inputs" ? "to" : "from";
  const isIt = wire[end].node === node && wire[end].port === port;
  return isIt ? { ...wire, [end]: { node, port: name } } : wire;
}

/** A typed name as a port may be called; nothing where it is taken, or is none. */
function portNameFor(document: GraphDocument, composite: string, side: Side, typed: string): string | undefined {
  const name = cleanText(typed).trim().replace(/\W+/g, "_").slice(0, 50);
  const table = compositeNamed(document, composite)?.[side];
  if (!table || !/^[A-Za-z]/.test(name) || Object.hasOwn(table, name)) return undefined;
  return idBeside({}, name);
}
