/**
 * What of a flat graph is computed. A bypassed node gives way to what it passes on, as if it were not there; a muted
 * one is not run, nor is anything behind it; a pinned one is what it gave once, whatever lies before it.
 */
import type { Registry } from "../core/node";
import { standIns } from "./bypass";
import type { CheckMemory } from "./check-memory";
import { instanceDefinition, ownDefinition } from "./composite-definition";
import { separator } from "./composites";
import { type Endpoint, endpointKey, type GraphDocument, type Pin, type Wire } from "./document";
import type { Flat } from "./flatten";
import { resolveParams } from "./params";
import { errorProblem, type Problem } from "./problem";

/** Why a node is not computed: of itself, or because it lies behind a muted one. */
export type Idle = "bypassed" | "muted" | "behind";

export interface Computed {
  /** The nodes that are computed or pinned, and the wires that they are computed along. */
  document: GraphDocument;
  /** Nodes that something reads, though it may not be computed: what feeds nothing is what a run is asked for. */
  feeding: ReadonlySet<string>;
  idle: ReadonlyMap<string, Idle>;
  problems: Problem[];
}

/** Something that is taken out of the flat graph as one: a node, or all that lies in an instance. */
interface Unit {
  id: string;
  pin?: Pin;
  /** The name of one of its outputs, as it is met outside. */
  portOf(endpoint: Endpoint): string | undefined;
  /** Where what comes in at one of its inputs comes from. */
  sourcesOf(input: string): Endpoint[];
}

export function computedPart(flat: Flat, registry: Registry, memory?: CheckMemory): Computed {
  const { document, muted } = flat;
  const isPlain = !muted.size && Object.values(document.nodes).every(({ off, pin }) => !off && !pin);
  const arePlain = [...flat.instances.values()].every(({ off, pin }) => !off && !pin);
  if (isPlain && arePlain) return { document, feeding: feedingIn(document.wires), idle: new Map(), problems: [] };
  const idle = new Map<string, Idle>();
  const rewired = withoutUnits(flat, idle, registry, memory);
  const behind = mutedIn(rewired.document, muted);
  for (const [id, why] of behind) idle.set(id, why);
  const { nodes, wires } = rewired.document;
  const left = Object.fromEntries(Object.entries(nodes).filter(([id]) => !behind.has(id)));
  const laid = wires.filter(({ from, to }) => !behind.has(from.node) && left[to.node] && !left[to.node]?.pin);
  const feeding = feedingIn(wires);
  return { document: { ...document, nodes: left, wires: laid }, feeding, idle, problems: rewired.problems };
}

const feedingIn = (wires: readonly Wire[]): Set<string> => new Set(wires.map(({ from }) => from.node));

/** The graph without what is bypassed, and with a node in the place of each instance that is pinned. */
function withoutUnits(
  flat: Flat,
  idle: Map<string, Idle>,
  registry: Registry,
  memory?: CheckMemory,
): { document: GraphDocument; problems: Problem[] } {
  const { document } = flat;
  const units = unitsOf(flat);
  if (!units.size) return { document, problems: [] };
  const problems = new Map<string, Problem>();
  const ways = new Map<string, ReturnType<typeof standIns>>();
  function standInFor(unit: Unit, port: string): string | undefined {
    const known = ways.get(unit.id) ?? waysThrough(flat, unit.id, registry, memory);
    ways.set(unit.id, known);
    const way = Object.hasOwn(known.ports, port) ? known.ports[port] : undefined;
    if (way === undefined) problems.set(unit.id, cannotBypass(unit.id, port, known.reasons[port] ?? known.reason));
    return way;
  }
  function sourcesOf(endpoint: Endpoint, passed: readonly string[] = []): Endpoint[] {
    const unit = units.get(endpoint.node);
    const port = unit?.portOf(endpoint);
    if (!unit) return [endpoint];
    if (port === undefined || passed.includes(`${unit.id}.${port}`)) return [];
    if (unit.pin) return [{ node: unit.id, port }];
    const input = standInFor(unit, port);
    if (input === undefined) return [];
    return unit.sourcesOf(input).flatMap((source) => sourcesOf(source, [...passed, `${unit.id}.${port}`]));
  }
  const wires: Wire[] = [];
  for (const wire of document.wires) {
    const [from, to] = [units.get(wire.from.node), units.get(wire.to.node)];
    // What comes into a pinned instance is not read, and yet it is for something.
    if (to?.pin && from !== to)
      for (const source of sourcesOf(wire.from)) wires.push({ from: source, to: { ...wire.to, node: to.id } });
    if (!to) wires.push(...(from ? sourcesOf(wire.from).map((source) => ({ ...wire, from: source })) : [wire]));
  }
  const nodes: GraphDocument["nodes"] = {};
  for (const [id, node] of Object.entries(document.nodes)) {
    const unit = units.get(id);
    if (!unit) nodes[id] = node;
    else if (!unit.pin) idle.set(id, "bypassed");
    else nodes[unit.id] ??= { type: node.type, version: 1, params: {}, position: node.position, pin: unit.pin };
  }
  return { document: { ...document, nodes, wires }, problems: [...problems.values()] };
}

/** The units by the nodes in them. Of units in each other only the outermost counts. */
function unitsOf({ document, instances }: Flat): Map<string, Unit> {
  const units = new Map<string, Unit>();
  const wiresTo = new Map<string, Endpoint[]>();
  for (const { from, to } of document.wires)
    wiresTo.set(endpointKey(to), [...(wiresTo.get(endpointKey(to)) ?? []), from]);
  const outermost = [...instances].sort(([a], [b]) => a.split(separator).length - b.split(separator).length);
  for (const [id, { off, pin, nodes, inputs, outputs }] of outermost) {
    if (off !== "bypassed" && (!pin || off)) continue;
    const inside = new Set(nodes);
    const isThis = (endpoint: Endpoint) => (each: Endpoint) => endpointKey(each) === endpointKey(endpoint);
    const unit: Unit = {
      id,
      pin: off ? undefined : pin,
      portOf: (endpoint) => Object.keys(outputs).find((port) => outputs[port]?.some(isThis(endpoint))),
      sourcesOf: (input) =>
        (wiresTo.get(endpointKey(inputs[input]?.[0] ?? { node: "", port: "" })) ?? []).filter(
          ({ node }) => !inside.has(node),
        ),
    };
    for (const node of nodes) if (!units.has(node)) units.set(node, unit);
  }
  for (const [id, { off }] of Object.entries(document.nodes)) {
    if (off !== "bypassed" || units.has(id)) continue;
    const sourcesOf = (port: string) => wiresTo.get(endpointKey({ node: id, port })) ?? [];
    units.set(id, { id, portOf: ({ port }) => port, sourcesOf });
  }
  return units;
}

/** What stands in for the outputs of a node, or of an instance, where it is bypassed. */
export function waysThrough(
  flat: Flat,
  id: string,
  registry: Registry,
  memory?: CheckMemory,
): ReturnType<typeof standIns> {
  const node = flat.document.nodes[id];
  const definition = instanceDefinition(flat, id, registry, memory) ?? ownDefinition(node, id, registry);
  if (!definition) return { ports: {}, reasons: {}, reason: "its type is not known" };
  return standIns(definition, (node && resolveParams(id, definition, node, [])) ?? {});
}

function cannotBypass(node: string, port: string, reason: string): Problem {
  return errorProblem(
    "cannot-bypass",
    `${node} cannot be bypassed while its output “${port}” is read: ${reason}.`,
    "Run it again, mute it, or wire what reads it to something else.",
    { node, port },
  );
}

/** The muted nodes of a graph, and all behind them that is not pinned. */
function mutedIn({ nodes, wires }: GraphDocument, inMuted: ReadonlySet<string>): Map<string, Idle> {
  const found = new Map<string, Idle>();
  for (const [id, { off }] of Object.entries(nodes)) if (off === "muted" || inMuted.has(id)) found.set(id, "muted");
  const readers = new Map<string, string[]>();
  for (const { from, to } of wires) readers.set(from.node, [...(readers.get(from.node) ?? []), to.node]);
  // A map that grows while it is walked.
  for (const [id] of found) {
    for (const reader of readers.get(id) ?? []) {
      if (!found.has(reader) && nodes[reader] && !nodes[reader]?.pin) found.set(reader, "behind");
    }
  }
  return found;
}
