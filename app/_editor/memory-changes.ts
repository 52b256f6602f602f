import type { GraphNode } from "#nodes/graph/document";
import type { ResolvedNode } from "#nodes/graph/resolve";

/** A change of parameters that asks for less memory, and what it costs. */
export interface MemoryChange {
  node: string;
  label: string;
  cost: string;
  params: GraphNode["params"];
}

/**
 * The cheapest changes first: of the trainer that failed, or of all that there are where something else did. The first
 * gives the same training; the second the same numbers in more time; the third half of the numbers' precision.
 */
export function memoryChanges(nodes: ReadonlyMap<string, ResolvedNode>, failed: string | undefined): MemoryChange[] {
  const trainers = [...nodes.values()].filter(({ definition }) => "accumulate" in definition.params);
  const wanted = trainers.filter(({ id }) => id === failed);
  return (wanted.length ? wanted : trainers).flatMap(changesOf).slice(0, 3);
}

function changesOf({ id, params }: ResolvedNode): MemoryChange[] {
  const { batch, accumulate, recompute, precision } = params as Record<string, unknown>;
  const changes: MemoryChange[] = [];
  if (typeof batch === "number" && typeof accumulate === "number" && batch > 1) {
    const half = Math.ceil(batch / 2);
    changes.push({
      node: id,
      label: `Batch ${batch} → ${half}, accumulate ${accumulate} → ${accumulate * 2}`,
      cost: "Half of the memory of a step, as many rows for each update. A contrastive loss has fewer negatives.",
      params: { batch: half, accumulate: accumulate * 2 },
    });
  }
  if (recompute === "")
    changes.push({
      node: id,
      label: "Compute again",
      cost: "Results are computed again in the backward pass: a fraction of the memory, up to a third more time.",
      params: { recompute: "*" },
    });
  if (precision === "float32")
    changes.push({
      node: id,
      label: "Half precision",
      cost: "Products in float16, on GPUs that have it.",
      params: { precision: "float16" },
    });
  return changes;
}
