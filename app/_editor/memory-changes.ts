import { within } from "#nodes/graph/composite-edits";
import { compositeIdOf, insideOf, separator } from "#nodes/graph/composites";
import type { GraphDocument, GraphNode } from "#nodes/graph/document";
import { addNode, setParam } from "#nodes/graph/edits";
import { insertion } from "#nodes/graph/inserting";
import type { ResolvedNode } from "#nodes/graph/resolve";
import { type SizeOf, withRoom } from "./canvas/room";

type Nodes = ReadonlyMap<string, ResolvedNode>;

/** A change of the graph that asks for less memory, and what it costs. */
export interface MemoryChange {
  label: string;
  cost: string;
  change(document: GraphDocument): GraphDocument;
}

/**
 * The cheapest changes first: of the trainer that failed, or of all that there are where something else did. The first
 * gives the same training; the second the same numbers in more time; the third half of the numbers' precision. A model
 * that only runs is made smaller by quantizing the weights that it reads.
 */
export function memoryChanges(nodes: Nodes, failed: string | undefined, sizeOf: SizeOf): MemoryChange[] {
  const trainers = [...nodes.values()].filter(({ definition }) => "accumulate" in definition.params);
  const wanted = trainers.filter(({ id }) => id === failed);
  const quantized = wanted.length ? [] : quantizing(nodes, failed, sizeOf);
  return [...quantized, ...(wanted.length ? wanted : trainers).flatMap(changesOf)].slice(0, 3);
}

function changesOf({ id, params }: ResolvedNode): MemoryChange[] {
  const { batch, accumulate, recompute, precision } = params as Record<string, unknown>;
  const changes: MemoryChange[] = [];
  if (typeof batch === "number" && typeof accumulate === "number" && batch > 1) {
    const half = Math.ceil(batch / 2);
    changes.push({
      label: `Batch ${batch} → ${half}, accumulate ${accumulate} → ${accumulate * 2}`,
      cost: "Half of the memory of a step, as many rows for each update. A contrastive loss has fewer negatives.",
      change: withParams(id, { batch: half, accumulate: accumulate * 2 }),
    });
  }
  if (recompute === "")
    changes.push({
      label: "Compute again",
      cost: "Results are computed again in the backward pass: a fraction of the memory, up to a third more time.",
      change: withParams(id, { recompute: "*" }),
    });
  if (precision === "float32")
    changes.push({
      label: "Half precision",
      cost: "Products in float16, on GPUs that have it.",
      change: withParams(id, { precision: "float16" }),
    });
  return changes;
}

/** Checkpoints that models read, each with *Quantize* behind it: for the node that failed, or for all that read one. */
function quantizing(nodes: Nodes, failed: string | undefined, sizeOf: SizeOf): MemoryChange[] {
  const readers = new Map<string, string[]>();
  for (const { id, definition, inputs } of nodes.values()) {
    if (!definition.build || (failed !== undefined && id !== failed)) continue;
    for (const { node: source } of inputs.weights ?? []) {
      if (nodes.get(source)?.definition.type === "weights.load")
        readers.set(source, [...(readers.get(source) ?? []), id]);
    }
  }
  return [...readers].map(([source, ids]) => ({
    label: readers.size > 1 ? `Quantize the weights of ${source}` : "Quantize the weights",
    cost: "Matrices in blocks of 4-bit numbers: an eighth of the memory, and a little less exact.",
    change: withQuantized(source, ids, sizeOf),
  }));
}

/** Sets parameters of a node, also of one that lies in composites, such as "tower/trainer". */
function withParams(path: string, params: GraphNode["params"]): MemoryChange["change"] {
  const { levels, id } = placeOf(path);
  return (document) =>
    within(document, compositeAt(document, levels), (graph) =>
      Object.entries(params).reduce((now, [name, value]) => setParam(now, id, name, value), graph),
    );
}

/** *Quantize* in the wires by which nodes read a checkpoint, which may lie further inside than it. */
function withQuantized(source: string, readers: readonly string[], sizeOf: SizeOf): MemoryChange["change"] {
  const { levels, id } = placeOf(source);
  // What lies outside of the checkpoint's composite reads it through the boundary.
  const ends = readers.map((reader) => reader.split(separator)[levels.length] ?? "");
  return (document) =>
    within(document, compositeAt(document, levels), (graph) => {
      const wires = graph.wires.filter(({ from, to }) => from.node === id && ends.includes(to.node));
      const [first] = wires;
      if (!first) return graph;
      const added = addNode(graph, "weights.quantize", { x: 0, y: 0 });
      const passage = { input: "weights", output: "weights" };
      const wired = wires.reduce((now, wire) => insertion(wire, added.id, passage)(now), added.document);
      return withRoom(wired, added.id, first, sizeOf);
    });
}

function placeOf(path: string): { levels: readonly string[]; id: string } {
  const ids = path.split(separator);
  return { levels: ids.slice(0, -1), id: ids.at(-1) ?? path };
}

/** The composite that instances in one another lead to; none at the graph itself. */
function compositeAt(document: GraphDocument, instances: readonly string[]): string | undefined {
  let composite: string | undefined;
  for (const instance of instances) {
    const graph = composite === undefined ? document : insideOf(document, composite);
    composite = compositeIdOf(graph?.nodes[instance]?.type ?? "");
  }
  return composite;
}
