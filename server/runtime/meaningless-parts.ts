/**
 * Losses and normalizations of one alone give the same whatever the model does, and some nodes need a batch of a
 * certain size: said before a training runs for nothing.
 */
import { bindDim } from "#models/onnx/dim";
import type { Graph } from "#models/onnx/graph";
import { singleChoices } from "#models/onnx/single-choice";
import type { PublicError } from "#nodes/graph/events";
import type { ResolvedGraph } from "#nodes/graph/resolve";

type Sizes = Readonly<Record<string, number>>;

/** What means nothing in a graph where symbols stand for these sizes: losses that are always 0, and broken limits. */
export function meaninglessParts(lowered: Graph, sizes: Sizes, graph: ResolvedGraph): PublicError[] {
  return [...brokenLimits(lowered, sizes, graph), ...deadLosses(lowered, sizes, graph)];
}

function brokenLimits({ limits }: Graph, sizes: Sizes, graph: ResolvedGraph): PublicError[] {
  return limits.flatMap(({ size: dim, least = 0, most = Number.POSITIVE_INFINITY, says, hint, scope }) => {
    const size = bindDim(dim, sizes);
    if (typeof size !== "number" || (size >= least && size <= most)) return [];
    const node = scope === undefined ? undefined : graph.nodes.get(scope);
    return [{ node: node?.id, message: `${node?.definition.title ?? "The model"} ${says(size)}.`, hint }];
  });
}

function deadLosses(lowered: Graph, sizes: Sizes, graph: ResolvedGraph): PublicError[] {
  const byNode = new Map(singleChoices(lowered, sizes).map((choice) => [choice.scope, choice]));
  return [...byNode.values()].map(({ kind, scope, symbol }) => {
    const node = scope === undefined ? undefined : graph.nodes.get(scope);
    const title = node?.definition.title ?? "The model";
    if (kind === "batch norm")
      return {
        node: node?.id,
        message:
          `Batch norm in ${title} has 1 value for each channel in a batch, ` +
          `which tells nothing of a mean and a spread.`,
        hint: "Take 2 rows or more in a batch, or freeze the running statistics (*running_*).",
      };
    if (symbol === undefined)
      return {
        node: node?.id,
        message: `${title} chooses among 1 class, so that the loss is 0 whatever the model gives.`,
        hint: "Give the head as many outputs as there are classes, at least 2.",
      };
    return {
      node: node?.id,
      message: `${title} compares the rows of a batch with each other, and there is 1 row: the loss is always 0.`,
      hint: "Take 2 rows or more in a batch; contrastive losses are trained with hundreds.",
    };
  });
}
