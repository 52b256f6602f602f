import * as z from "zod";
import { type NodeDefinition, type ParamValues, type Params, withPorts } from "../core/node";
import type { Port } from "../core/ports";
import type { Endpoint, GraphDocument } from "./document";
import type { Problem } from "./problem";

export type Registry = Readonly<Record<string, NodeDefinition>>;

/** A node with its definition, its params checked and filled in, and where each input comes from. */
export interface ResolvedNode {
  id: string;
  definition: NodeDefinition;
  params: ParamValues<Params>;
  inputs: Record<string, Endpoint[]>;
  /** What the node's `prepare` gave; filled in before it is lowered. */
  prepared?: unknown;
}

export interface ResolvedGraph {
  /** Only nodes that resolved, in an order in which every node comes after what it reads. */
  nodes: Map<string, ResolvedNode>;
  /** Ports that feed something, as "node.port". */
  wired: ReadonlySet<string>;
  problems: Problem[];
}

/** An endpoint as a map's key and as a graph input's name: "node.port". */
export const endpointKey = (endpoint: Endpoint): string => `${endpoint.node}.${endpoint.port}`;
const list = (names: Iterable<string>): string => [...names].join(", ") || "none";

function upgraded(definition: NodeDefinition, params: Record<string, unknown>, from: number): Record<string, unknown> {
  let result = params;
  for (let v = from + 1; v <= definition.version; v++) result = definition.upgrade?.[v]?.(result) ?? result;
  return result;
}

// zod compiles an object when it is first used, and the editor checks on every key.
const schemas = new WeakMap<Params, z.ZodObject<Params>>();
function schemaOf(params: Params): z.ZodObject<Params> {
  const schema = schemas.get(params) ?? z.object(params);
  schemas.set(params, schema);
  return schema;
}

function resolveParams(
  id: string,
  definition: NodeDefinition,
  raw: Record<string, unknown>,
  problems: Problem[],
): ParamValues<Params> | undefined {
  for (const name of Object.keys(raw)) {
    if (!Object.hasOwn(definition.params, name)) {
      problems.push({
        code: "bad-param",
        severity: "warning",
        node: id,
        param: name,
        message: `${definition.title} has no parameter "${name}"; it is ignored.`,
        hint: `Its parameters are ${list(Object.keys(definition.params))}.`,
      });
    }
  }
  const result = schemaOf(definition.params).safeParse(raw);
  if (!result.success) {
    for (const issue of result.error.issues) {
      const param = String(issue.path[0] ?? "");
      const value = issue.path.reduce<unknown>(
        (of, key) => (of as Record<PropertyKey, unknown> | undefined)?.[key],
        raw,
      );
      problems.push({
        code: "bad-param",
        severity: "error",
        node: id,
        param,
        message: `${definition.title}: ${z.core.toDotPath(issue.path)} is ${JSON.stringify(value)?.slice(0, 80) ?? "missing"}. ${issue.message}.`,
        hint: "Correct it in the inspector.",
      });
    }
    return undefined;
  }
  const wrong = definition.check?.(result.data);
  if (wrong) problems.push({ code: "bad-params", severity: "error", node: id, ...wrong });
  return result.data;
}

/** The definition of a node of a document, with the ports that its params ask for. */
export function definitionOf(document: GraphDocument, id: string, registry: Registry): NodeDefinition | undefined {
  const node = Object.hasOwn(document.nodes, id) ? document.nodes[id] : undefined;
  const definition = node && Object.hasOwn(registry, node.type) ? registry[node.type] : undefined;
  const params =
    node && definition?.ports
      ? resolveParams(id, definition, upgraded(definition, node.params, node.version), [])
      : undefined;
  return definition && params ? withPorts(definition, params) : definition;
}

/** Node types, params, wires and order. What cannot be resolved becomes a problem and is left out. */
export function resolve(document: GraphDocument, registry: Registry): ResolvedGraph {
  const problems: Problem[] = [];
  const nodes = new Map<string, ResolvedNode>();
  const wired = new Set<string>();
  for (const [id, node] of Object.entries(document.nodes)) {
    const definition = Object.hasOwn(registry, node.type) ? registry[node.type] : undefined;
    if (!definition) {
      problems.push({
        code: "unknown-type",
        severity: "error",
        node: id,
        message: `There is no node type "${node.type}".`,
        hint: "It may come from a newer Patchbay, or its name is misspelt. Replace or delete the node.",
      });
      continue;
    }
    const params = resolveParams(id, definition, upgraded(definition, node.params, node.version), problems);
    if (params) nodes.set(id, { id, definition: withPorts(definition, params), params, inputs: {} });
  }
  const portOf = (side: "inputs" | "outputs", e: Endpoint): Port | undefined => {
    const node = Object.hasOwn(document.nodes, e.node) ? document.nodes[e.node] : undefined;
    if (!node) {
      problems.push({
        code: "unknown-node",
        severity: "error",
        message: `A wire names the node "${e.node}", which is not in the graph.`,
        hint: "Delete the wire.",
      });
      return undefined;
    }
    const known = Object.hasOwn(registry, node.type) ? registry[node.type] : undefined;
    const definition = nodes.get(e.node)?.definition ?? known;
    // Ports that follow from parameters are not known while these are wrong, which is told already.
    if (!definition || (known?.ports && problems.some((p) => p.node === e.node && p.code.startsWith("bad-param"))))
      return undefined;
    const found = Object.hasOwn(definition[side], e.port) ? definition[side][e.port] : undefined;
    if (!found)
      problems.push({
        code: "unknown-port",
        severity: "error",
        node: e.node,
        port: e.port,
        message: `${definition.title} has no ${side === "inputs" ? "input" : "output"} "${e.port}".`,
        hint: `It has ${list(Object.keys(definition[side]))}. Delete the wire.`,
      });
    return found;
  };
  for (const wire of document.wires) {
    const from = portOf("outputs", wire.from);
    const to = portOf("inputs", wire.to);
    if (!from || !to) continue;
    const target = nodes.get(wire.to.node);
    if (from.type !== to.type) {
      problems.push({
        code: "type-mismatch",
        severity: "error",
        node: wire.to.node,
        port: wire.to.port,
        message: `${endpointKey(wire.to)} expects ${to.type}, but ${endpointKey(wire.from)} gives ${from.type}.`,
        hint: `Connect an output of type ${to.type}.`,
      });
      continue;
    }
    const sources = target ? (target.inputs[wire.to.port] ??= []) : [];
    if (sources.length > 0 && !to.many) {
      problems.push({
        code: "duplicate-wire",
        severity: "error",
        node: wire.to.node,
        port: wire.to.port,
        message: `${endpointKey(wire.to)} takes one wire and has several.`,
        hint: "Delete all but one.",
      });
      continue;
    }
    sources.push(wire.from);
    wired.add(endpointKey(wire.from));
  }
  for (const node of nodes.values()) {
    for (const [name, port] of Object.entries<Port>(node.definition.inputs)) {
      if (port.optional || node.inputs[name]?.length) continue;
      problems.push({
        code: "missing-input",
        severity: "error",
        node: node.id,
        port: name,
        message: `${node.definition.title} needs its input "${name}" (${port.type}), and nothing is connected to it.`,
        hint: port.doc ? `Connect: ${port.doc}` : "Connect a wire, or delete the node.",
      });
    }
  }
  return { nodes: ordered(nodes, problems), wired, problems };
}

/** Topological order, stable in the document's order. Nodes on a cycle are reported and left out. */
function ordered(nodes: Map<string, ResolvedNode>, problems: Problem[]): Map<string, ResolvedNode> {
  const done = new Map<string, ResolvedNode>();
  const waiting = new Map<string, Set<string>>();
  const readers = new Map<string, string[]>();
  for (const node of nodes.values()) {
    const sources = new Set(
      Object.values(node.inputs)
        .flat()
        .map((e) => e.node)
        .filter((id) => nodes.has(id)),
    );
    waiting.set(node.id, sources);
    for (const source of sources) readers.set(source, [...(readers.get(source) ?? []), node.id]);
  }
  const ready = [...nodes.keys()].filter((id) => waiting.get(id)?.size === 0);
  for (let id = ready.shift(); id !== undefined; id = ready.shift()) {
    done.set(id, nodes.get(id) as ResolvedNode);
    for (const reader of readers.get(id) ?? []) {
      const left = waiting.get(reader);
      left?.delete(id);
      if (left?.size === 0) ready.push(reader);
    }
  }
  const stuck = [...nodes.keys()].filter((id) => !done.has(id));
  // Nodes behind a cycle wait for it without being on it; walking from any stuck node to a stuck source finds the cycle itself.
  if (stuck.length) {
    const path: string[] = [];
    for (let id = stuck[0] as string; !path.includes(id); id = [...(waiting.get(id) ?? [])][0] as string)
      path.unshift(id);
    const first = [...(waiting.get(path[0] as string) ?? [])][0] as string;
    const cycle = path.slice(0, path.indexOf(first) + 1);
    for (const id of cycle)
      problems.push({
        code: "cycle",
        severity: "error",
        node: id,
        message: `These nodes feed each other in a circle: ${[...cycle, cycle[0]].join(" → ")}.`,
        hint: "Delete one of the wires between them.",
      });
  }
  return done;
}
