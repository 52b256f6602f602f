/**
 * The parameters that a node has a part in, before anything runs: a tensor node those that it makes, a node on a
 * weights wire those of all that reads its handle, a trainer those before its loss. What trains follows from what the
 * nodes on the wire say; stages of a training may let less of it train.
 */
import { matches } from "#models/patterns";
import type { Port } from "../core/ports";
import { tiedTo } from "../core/ties";
import type { Checked } from "./check";
import type { WeightsMarks } from "../core/node";
import { parametersIn } from "./infer";
import type { ResolvedGraph, ResolvedNode } from "./resolve";

/** One tensor of weights. */
export interface Parameter {
  name: string;
  shape: readonly number[];
  /** How many numbers it has. */
  count: number;
  state: "trains" | "frozen" | "kept";
}

/** Bytes of a number of weights, as they are while a training goes on: float32. */
export const bytesOfNumber = 4;

/** The parameters of a node, each once, in the order of the graph; nothing where it has no part in any. */
export function parametersOf({ graph, types }: Checked, id: string): Parameter[] {
  const node = graph.nodes.get(id);
  if (!node) return [];
  const found = new Map<string, Parameter>();
  for (const each of tensorNodesOf(graph, node)) {
    const marks = marksOn(graph, each);
    const ties = marks.flatMap((mark) => mark.ties ?? []);
    for (const made of parametersIn(graph, each, types)) {
      const { name, transposed } = tiedTo(made.name, ties);
      const sizes = made.value.shape.filter((size) => typeof size === "number");
      const shape = transposed ? sizes.toReversed() : sizes;
      const add = (called: string, size: readonly number[], state: Parameter["state"]) => {
        const count = size.reduce((a, b) => a * b, 1);
        if (!found.has(called)) found.set(called, { name: called, shape: size, count, state });
      };
      const isFrozen = marks.some(({ frozen = [] }) => matches(name, frozen));
      const state = isFrozen ? "frozen" : "trains";
      add(name, shape, made.buffer ? "kept" : state);
      for (const { adapters } of marks) {
        const [rows = 0, columns = 0] = shape;
        if (!adapters || shape.length !== 2 || !matches(name, adapters.targets)) continue;
        add(`${name}.lora_A`, [rows, adapters.rank], "trains");
        add(`${name}.lora_B`, [adapters.rank, columns], "trains");
      }
    }
  }
  return [...found.values()];
}

/** The nodes that make the parameters in which a node has a part. */
function tensorNodesOf(graph: ResolvedGraph, node: ResolvedNode): ResolvedNode[] {
  const { definition } = node;
  const trained = Object.entries<Port>(definition.inputs).flatMap(([name, { deferred }]) =>
    deferred === "gradient" ? (node.inputs[name] ?? []).map((source) => source.node) : [],
  );
  if (trained.length) return withBuild(graph, upstream(graph, trained));
  if (definition.build) return [node];
  const isOnWire = Object.values<Port>(definition.outputs).some(({ type }) => type === "weights");
  if (!isOnWire) return [];
  return [...graph.nodes.values()].filter(
    (each) => each.definition.build && handlesOf(graph, each).some(({ id }) => id === node.id),
  );
}

const withBuild = (graph: ResolvedGraph, ids: ReadonlySet<string>): ResolvedNode[] =>
  [...graph.nodes.values()].filter(({ id, definition }) => ids.has(id) && definition.build);

function upstream(graph: ResolvedGraph, ids: readonly string[]): Set<string> {
  const found = new Set(ids);
  // A set that grows while it is walked.
  for (const id of found) {
    for (const sources of Object.values(graph.nodes.get(id)?.inputs ?? {})) {
      for (const source of sources) found.add(source.node);
    }
  }
  return found;
}

/** The nodes on the weights wire that comes into a node, the nearest first. */
function handlesOf(graph: ResolvedGraph, node: ResolvedNode): ResolvedNode[] {
  const passed: ResolvedNode[] = [];
  let source = node.inputs.weights?.[0];
  while (source) {
    const giver = graph.nodes.get(source.node);
    if (!giver || passed.includes(giver)) break;
    passed.push(giver);
    const outputs: Readonly<Record<string, Port>> = giver.definition.outputs;
    const via = outputs[source.port]?.shares;
    source = via === undefined ? undefined : giver.inputs[via]?.[0];
  }
  return passed;
}

/** What the nodes on the way say of the weights that a node reads. Nothing before a merge holds after it. */
function marksOn(graph: ResolvedGraph, node: ResolvedNode): WeightsMarks[] {
  const marks: WeightsMarks[] = [];
  for (const { definition, params } of handlesOf(graph, node)) {
    const said = definition.marks?.(params);
    if (said) marks.push(said);
    if (said?.forgets) break;
  }
  return marks;
}
