import { type Dim, type DType, Graph, type Shape, type Value } from "#models/onnx/graph";
import { type Builder, builderOf, scoped } from "#models/blocks/builder";
import type { Port, WireType } from "../core/ports";
import type { Endpoint } from "./document";
import { endpointKey, type ResolvedGraph, type ResolvedNode } from "./resolve";
import type { Problem } from "./problem";

/** What is known of each node's wires before anything runs. */
export type Types = Record<string, { in: Record<string, WireType>; out: Record<string, WireType> }>;

export const shapeText = (shape: Shape): string => `[${shape.join(", ")}]`;
/** A size that differs from item to item, or is not known before the run. */
const anySize = "*";

/** Collects what a node's letters stand for while its ports meet their wires. */
class Bindings {
  #bound = new Map<string, Dim>();
  constructor(readonly node: ResolvedNode) {}

  /** "$name" is a parameter's value. */
  #param(dim: Dim): Dim {
    if (typeof dim !== "string" || !dim.startsWith("$")) return dim;
    const value = (this.node.params as Record<string, unknown>)[dim.slice(1)];
    return typeof value === "number" ? value : anySize;
  }

  /** The reason why `actual` cannot stand where `expected` is declared, or nothing. */
  meet(expected: Shape, actual: Shape): string | undefined {
    const wanted = expected.map((d) => this.#param(d));
    if (wanted.length !== actual.length) return `${wanted.length} axes are expected and ${actual.length} came`;
    for (const [i, want] of wanted.entries()) {
      const got = actual[i] as Dim;
      const known = typeof want === "string" && want !== anySize ? this.#bound.get(want) : want;
      if (got === anySize || known === anySize) continue;
      if (known === undefined) this.#bound.set(want as string, got);
      else if (known !== got && typeof known === typeof got) {
        return typeof want === "string"
          ? `axis ${i} (${want}) is ${got}, while another input of the node makes it ${known}`
          : `axis ${i} must be ${known} and is ${got}`;
      } else if (typeof want === "string" && typeof got === "number") this.#bound.set(want, got);
    }
    return undefined;
  }

  /** A declared shape with every letter replaced; a letter that no input fixed is a size of this node's own making. */
  fill(shape: Shape): Shape {
    return shape.map((d) => {
      const dim = this.#param(d);
      if (typeof dim === "number" || dim === anySize) return dim;
      return this.#bound.get(dim) ?? `${this.node.id}.${dim}`;
    });
  }
}

/** What a tensor node emits, appended to `graph`. Parameters get the node's scope as prefix. */
export function emitNode(
  graph: Graph,
  node: ResolvedNode,
  inputs: Record<string, Value | Value[] | undefined>,
  builder: Builder = builderOf(graph, false),
): Record<string, Value> {
  const { definition, params, prepared } = node;
  if (!definition.build) throw new Error(`${definition.type} emits no ONNX`);
  graph.scope = node.id;
  const outputs = definition.build({ ...scoped(builder, scopeOf(node)), inputs, params, prepared }) as Record<
    string,
    Value
  >;
  graph.scope = undefined;
  return outputs;
}

/** What comes in along a wire, for a graph that is lowered before anything runs: every size that is not known gets a symbol. */
export function symbolicType(types: Types, from: Endpoint): { dtype: DType; shape: Shape } {
  const { dtype = "float32", shape } = types[from.node]?.out[from.port] ?? {};
  if (!shape)
    throw Object.assign(new Error(`The shape of ${endpointKey(from)} is not known before it is computed.`), {
      hint: "Wire a node whose output has a known shape.",
    });
  return { dtype, shape: shape.map((d, i) => (d === anySize ? `${from.node}.${from.port}${i}` : d)) };
}

/** The prefix of a node's parameters in a checkpoint. */
export const scopeOf = (node: ResolvedNode): string => {
  const { scope } = node.params as { scope?: unknown };
  return typeof scope === "string" && scope !== "" ? scope : node.id;
};

/** Port types and symbolic shapes, unified along the wires, and whatever does not fit. */
export function infer(graph: ResolvedGraph): { types: Types; problems: Problem[] } {
  const types: Types = {};
  const problems: Problem[] = [];
  for (const node of graph.nodes.values()) {
    const bindings = new Bindings(node);
    const incoming: Record<string, WireType> = {};
    const seen: Record<string, WireType[]> = {};
    let sound = true;
    for (const [name, port] of Object.entries<Port>(node.definition.inputs)) {
      for (const source of node.inputs[name] ?? []) {
        const wire = types[source.node]?.out[source.port] ?? { type: port.type };
        incoming[name] = wire;
        (seen[name] ??= []).push(wire);
        const where = { severity: "error", node: node.id, port: name } as const;
        if (port.dtype && wire.dtype && port.dtype !== wire.dtype) {
          sound = false;
          problems.push({
            code: "dtype-mismatch",
            ...where,
            message: `${node.id}.${name} expects ${port.dtype}, but ${endpointKey(source)} gives ${wire.dtype}.`,
            hint: "Connect an output with that element type.",
          });
        }
        const reason = port.shape && wire.shape && bindings.meet(port.shape, wire.shape);
        if (reason) {
          sound = false;
          problems.push({
            code: "shape-mismatch",
            ...where,
            message: `${node.id}.${name} expects ${shapeText(port.shape as Shape)}, but ${endpointKey(source)} gives ${shapeText(wire.shape as Shape)}: ${reason}.`,
            hint: "Change the width or size on one side, or put a projector or resize between them.",
          });
        }
      }
    }
    const outgoing: Record<string, WireType> = {};
    for (const [name, port] of Object.entries<Port>(node.definition.outputs))
      outgoing[name] = { type: port.type, dtype: port.dtype, shape: port.shape && bindings.fill(port.shape) };
    types[node.id] = { in: incoming, out: outgoing };
    if (!node.definition.build || (node.definition.prepare && node.prepared === undefined)) continue;
    for (const wire of Object.values(outgoing)) wire.shape = undefined; // only building tells
    const built = sound ? tryBuild(graph, node, seen, bindings) : undefined;
    if (built && "problem" in built) problems.push(built.problem);
    else if (built)
      for (const [name, value] of Object.entries(built.outputs))
        outgoing[name] = { type: "tensor", dtype: value.dtype, shape: value.shape };
  }
  return { types, problems };
}

function tryBuild(
  graph: ResolvedGraph,
  node: ResolvedNode,
  seen: Record<string, WireType[]>,
  bindings: Bindings,
): { outputs: Record<string, Value> } | { problem: Problem } | undefined {
  const scratch = new Graph();
  const inputs: Record<string, Value | Value[] | undefined> = {};
  for (const [name, port] of Object.entries<Port>(node.definition.inputs)) {
    if (port.type !== "tensor") continue;
    const wires = seen[name] ?? [];
    if (!wires.length && !port.optional) return undefined;
    const values = wires.map((wire, i) => {
      const shape = wire.shape ?? (port.shape && bindings.fill(port.shape));
      return shape && scratch.input(`${name}.${i}`, wire.dtype ?? port.dtype ?? "float32", shape);
    });
    if (values.some((v) => v === undefined)) return undefined;
    inputs[name] = port.many ? (values as Value[]) : values[0];
  }
  try {
    return { outputs: emitNode(scratch, node, inputs) };
  } catch (error) {
    const from = Object.values(node.inputs)
      .flat()
      .filter((e) => graph.nodes.has(e.node))
      .map(endpointKey)
      .join(" and ");
    return {
      problem: {
        code: "build-failed",
        severity: "error",
        node: node.id,
        message: `${node.definition.title} cannot be built${from && ` from ${from}`}: ${(error as Error).message.replace(/\.$/, "")}.`,
        hint: "Change a parameter or what is connected, so that the shapes fit.",
      },
    };
  }
}
