import { type NodeDefinition, type ParamValues, type Params, type Registry, withPorts } from "../core/node";
import type { Port } from "../core/ports";
import type { CheckMemory, OwnPart } from "./check-memory";
import { instanceDefinition, ownDefinition } from "./composite-definition";
import { scopePrefixes } from "./composite-scopes";
import { compositeIdOf, compositeNamed, separator } from "./composites";
import { type Computed, computedPart } from "./computed";
import { constantNamed, paramsWith } from "./constants";
import { type Endpoint, endpointKey, type GraphDocument, type GraphNode, type Pin, type Wire } from "./document";
import { type Flat, flattened } from "./flatten";
import { inOrder } from "./order";
import { resolveParams } from "./params";
import { editedSince, pinnedDefinition, stalePin } from "./pin";
import { placeholder } from "./placeholder";
import { errorProblem, type Problem } from "./problem";

export type { Registry } from "../core/node";
// biome-ignore lint/performance/noBarrelFile: whoever reads a resolved graph names its endpoints
export { endpointKey } from "./document";

/** A node with its definition, its params checked and filled in, and where each input comes from. */
export interface ResolvedNode {
  id: string;
  definition: NodeDefinition;
  params: ParamValues<Params>;
  inputs: Record<string, Endpoint[]>;
  /** What the names of its weights, and of its draws, begin with, where it lies in a composite. */
  scopePrefix?: string;
  /** What the node's `prepare` gave; filled in before it is lowered. */
  prepared?: unknown;
  /** The result that stands in for running it; its definition and its parameters are then those of `pin.ts`. */
  pin?: Pin;
}

export interface ResolvedGraph {
  /** Only nodes that resolved, in an order in which every node comes after what it reads. */
  nodes: Map<string, ResolvedNode>;
  /** Ports that feed something, as "node.port". */
  wired: ReadonlySet<string>;
  problems: Problem[];
  /** The document without its composites, and where its nodes came from. */
  flat: Flat;
  /** What of that is computed: the nodes of this graph and the wires between them. */
  computed: Computed;
  /** Definitions of nodes that are not computed as they are, for who shows them. */
  shown: ReadonlyMap<string, NodeDefinition>;
}

/**
 * Composites, node types, params, wires and order. What cannot be resolved becomes a problem and is left out. What
 * lies in an instance "tower" has an id like "tower/encoder".
 */
export function resolve(whole: GraphDocument, registry: Registry, memory?: CheckMemory): ResolvedGraph {
  const flat = flattened(whole, memory);
  const computed = computedPart(flat, registry, memory);
  const { document } = computed;
  const problems: Problem[] = [...flat.problems, ...computed.problems];
  const nodes = resolveNodes({ flat, document, registry, memory }, problems);
  for (const [id, scopePrefix] of scopePrefixes({ ...flat, document }, registry)) {
    const node = nodes.get(id);
    if (node) node.scopePrefix = scopePrefix;
  }
  const wired = connectWires({ document, registry, nodes, problems });
  for (const node of nodes.values()) problems.push(...missingInputs(node));
  const shown = shownDefinitions(flat, computed, registry, memory);
  return { nodes: inOrder(nodes, problems), wired, problems, flat, computed, shown };
}

/**
 * What nodes that are bypassed, muted or pinned look like; and, by their wires, those of a type that is not known and
 * instances that cannot be taken apart.
 */
function shownDefinitions(
  { document, left }: Flat,
  computed: Computed,
  registry: Registry,
  memory?: CheckMemory,
): Map<string, NodeDefinition> {
  const shown = new Map<string, NodeDefinition>();
  const hasLeft = Object.keys(left.nodes).length > 0;
  const nodes = hasLeft ? { ...document.nodes, ...left.nodes } : document.nodes;
  const level = { nodes, wires: hasLeft ? [...document.wires, ...left.wires] : document.wires };
  for (const [id, node] of Object.entries(nodes)) {
    const declared = ownValue(registry, node.type);
    if (declared && (computed.idle.has(id) || node.pin)) shown.set(id, ownPart(id, declared, node, memory).definition);
    if (!declared) shown.set(id, placeholder(level, id, registry));
  }
  return shown;
}

/** The name that leads a node's random draws: its id, without the instances around it that add nothing to names. */
export function drawnAs({ nodes }: Pick<ResolvedGraph, "nodes">, id: string): string {
  return (nodes.get(id)?.scopePrefix ?? "") + id.slice(id.lastIndexOf(separator) + 1);
}

/** The definition of a node of a document, with the ports that its params ask for; also of one inside of instances. */
export function definitionOf(document: GraphDocument, id: string, registry: Registry): NodeDefinition | undefined {
  const node = ownValue(document.nodes, id);
  if (node && compositeIdOf(node.type) === undefined)
    return ownDefinition({ ...node, params: paramsWith(document.constants ?? {}, node.params) }, id, registry);
  const flat = flattened(document);
  return instanceDefinition(flat, id, registry) ?? ownDefinition(ownValue(flat.document.nodes, id), id, registry);
}

/** Of a table whose keys a stranger chose: nothing that every object has, such as "constructor". */
function ownValue<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

interface Resolving {
  flat: Flat;
  document: GraphDocument;
  registry: Registry;
  memory: CheckMemory | undefined;
}

function resolveNodes(resolving: Resolving, problems: Problem[]): Map<string, ResolvedNode> {
  const { document, flat, registry, memory } = resolving;
  const nodes = new Map<string, ResolvedNode>();
  for (const [id, node] of Object.entries(document.nodes)) {
    const definition = ownValue(registry, node.type);
    if (node.pin) {
      nodes.set(id, pinnedNode(resolving, id, node, node.pin, problems));
      continue;
    }
    if (!definition) {
      problems.push(
        errorProblem(
          "unknown-type",
          `There is no node type "${node.type}".`,
          "It may come from a newer Patchbay, or its name is misspelt. Replace or delete the node.",
          { node: id },
        ),
      );
      continue;
    }
    const own = ownPart(id, definition, node, memory);
    problems.push(...withConstantsNamed(own.problems, flat, id));
    if (own.params) nodes.set(id, { id, definition: own.definition, params: own.params, inputs: {} });
  }
  return nodes;
}

function pinnedNode(
  { flat, registry }: Resolving,
  id: string,
  node: GraphNode,
  pin: Pin,
  problems: Problem[],
): ResolvedNode {
  const instance = flat.instances.get(id);
  const title = instance ? compositeNamed(flat.document, instance.composite)?.title : undefined;
  const called = node.title ?? title ?? ownValue(registry, node.type)?.title ?? node.type;
  const edited = instance ? [] : editedSince(node, flat.document);
  if (edited.length) problems.push(stalePin(id, called, edited));
  return { id, definition: pinnedDefinition(pin, called), params: { pinned: pin.ref }, inputs: {}, pin };
}

/** Problems of parameters that have a constant's value, with its name. */
function withConstantsNamed(problems: readonly Problem[], { constants, document }: Flat, id: string): Problem[] {
  const used = constants.get(id);
  if (!used) return [...problems];
  const lacking = Object.entries(used).flatMap(([param, names]) =>
    names.filter((name) => !constantNamed(document, name)).map((name) => lackingConstant(id, param, name)),
  );
  const isTold = (problem: Problem) => lacking.some(({ param }) => param === problem.param);
  const named = problems.map((problem) => {
    const names = ownValue(used, problem.param ?? "");
    return names ? { ...problem, message: `${problem.message} It is ${constantsText(names)}.` } : problem;
  });
  return [...lacking, ...named.filter((problem) => !isTold(problem))];
}

const constantsText = (names: readonly string[]): string => names.map((name) => `the constant “${name}”`).join(" and ");

function lackingConstant(node: string, param: string, name: string): Problem {
  return errorProblem(
    "bad-param",
    `${node}: ${param} is the constant “${name}”, which the graph does not have.`,
    "Add the constant, or give the parameter a value.",
    { node, param },
  );
}

function ownPart(id: string, declared: NodeDefinition, node: GraphNode, memory?: CheckMemory): OwnPart {
  const known = memory?.own.get(node.params);
  if (known?.id === id && known.declared === declared && known.version === node.version) return known;
  const problems: Problem[] = [];
  const isNewer = node.version > declared.version;
  if (isNewer) problems.push(newerVersion(id, declared, node.version));
  // What a newer version's parameters mean is not known here, and so neither what is wrong with them.
  const params = resolveParams(id, declared, node, isNewer ? [] : problems);
  const definition = params ? withPorts(declared, params) : declared;
  const own = { id, declared, version: node.version, definition, params, problems };
  memory?.own.set(node.params, own);
  return own;
}

function newerVersion(id: string, { title, version }: NodeDefinition, saved: number): Problem {
  return errorProblem(
    "newer-version",
    `${title} “${id}” was saved by a newer Patchbay: ` +
      `version ${saved} of its type, while this one knows up to ${version}.`,
    "Update Patchbay; or delete the node and add it again, which sets its parameters anew.",
    { node: id },
  );
}

/** A graph whose nodes are resolved, while its wires are laid. */
interface Wiring {
  document: GraphDocument;
  registry: Registry;
  nodes: Map<string, ResolvedNode>;
  problems: Problem[];
}

/** Lays the wires that fit into the nodes' inputs; the result are the ports that feed something. */
function connectWires(wiring: Wiring): Set<string> {
  const wired = new Set<string>();
  for (const wire of wiring.document.wires) {
    const source = portAt(wiring, "outputs", wire.from);
    const target = portAt(wiring, "inputs", wire.to);
    if (!target || (!source && !hasOpenPorts(wiring, wire.from.node))) continue;
    const problem = layWire(wire, source ?? target, target, wiring.nodes.get(wire.to.node));
    if (problem) wiring.problems.push(problem);
    else wired.add(endpointKey(wire.from));
  }
  return wired;
}

function layWire(wire: Wire, source: Port, target: Port, reader: ResolvedNode | undefined): Problem | undefined {
  if (source.type !== target.type)
    return errorProblem(
      "type-mismatch",
      `${endpointKey(wire.to)} expects ${target.type}, but ${endpointKey(wire.from)} gives ${source.type}.`,
      `Connect an output of type ${target.type}.`,
      wire.to,
    );
  const sources = reader ? (reader.inputs[wire.to.port] ??= []) : [];
  if (sources.length > 0 && !target.many)
    return errorProblem(
      "duplicate-wire",
      `${endpointKey(wire.to)} takes one wire and has several.`,
      "Delete all but one.",
      wire.to,
    );
  sources.push(wire.from);
  return undefined;
}

/** The port that a wire names; where there is none it is told why, unless that is told already. */
function portAt(wiring: Wiring, side: "inputs" | "outputs", endpoint: Endpoint): Port | undefined {
  const { document, registry, nodes, problems } = wiring;
  const node = ownValue(document.nodes, endpoint.node);
  if (!node) {
    const message = `A wire names the node "${endpoint.node}", which is not in the graph.`;
    problems.push(errorProblem("unknown-node", message, "Delete the wire."));
    return undefined;
  }
  const declared = ownValue(registry, node.type);
  const definition = nodes.get(endpoint.node)?.definition ?? declared;
  if (!definition) return undefined;
  if (hasOpenPorts(wiring, endpoint.node)) return undefined;
  const ports: Record<string, Port> = definition[side];
  const found = ownValue(ports, endpoint.port);
  if (!found)
    problems.push(
      errorProblem(
        "unknown-port",
        `${definition.title} has no ${side === "inputs" ? "input" : "output"} "${endpoint.port}".`,
        [`It has ${Object.keys(ports).join(", ") || "none"}.`, definition.notice, "Delete the wire."]
          .filter(Boolean)
          .join(" "),
        endpoint,
      ),
    );
  return found;
}

/** Ports that follow from parameters are not known while these are wrong. */
function hasOpenPorts({ document, registry, problems }: Wiring, id: string): boolean {
  const declared = ownValue(registry, ownValue(document.nodes, id)?.type ?? "");
  return (
    declared?.ports !== undefined && problems.some(({ node, code }) => node === id && code.startsWith("bad-param"))
  );
}

function missingInputs(node: ResolvedNode): Problem[] {
  return Object.entries<Port>(node.definition.inputs)
    .filter(([name, port]) => !port.optional && !node.inputs[name]?.length)
    .map(([name, port]) =>
      errorProblem(
        "missing-input",
        `${node.definition.title} needs its input "${name}" (${port.type}), and nothing is connected to it.`,
        port.doc ? `Connect: ${port.doc}` : "Connect a wire, or delete the node.",
        { node: node.id, port: name },
      ),
    );
}
