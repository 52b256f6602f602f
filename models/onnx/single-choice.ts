import { bindDim, multiplyDims } from "./dim";
import type { Dim, Graph } from "./graph";
import { axisOf } from "./shape";

/** An op that gives the same whatever comes in. */
export interface SingleChoice {
  /**
   * A softmax among one alone gives certainty, so that a loss made of it is always 0. The mean of one value for each
   * channel is that value, so that batch norm gives nothing but its bias, and its variance over n − 1 is NaN.
   */
  kind: "softmax" | "batch norm";
  /** The node of the user's graph it belongs to. */
  scope: string | undefined;
  /** The size in symbols; none where it is 1 whatever they are. */
  symbol: string | undefined;
}

/**
 * The log-softmaxes of a graph, which losses are made of, that choose among one (a contrastive loss over a batch of one
 * row, or a classifier with one class), and batch norms over one value. `sizes` says what symbols stand for.
 */
export function singleChoices(graph: Graph, sizes: Readonly<Record<string, number>>): SingleChoice[] {
  return graph.nodes.flatMap(({ op, inputs, attrs, scope }): SingleChoice[] => {
    const shape = inputs[0]?.shape ?? [];
    const isSoftmax = op === "LogSoftmax";
    if (!isSoftmax && op !== "TrainingBatchNormalization") return [];
    const joined = isSoftmax
      ? [shape[axisOf((attrs.axis as number | undefined) ?? -1, shape.length)] as Dim]
      : shape.filter((_, axis) => axis !== 1);
    const size = joined.reduce(multiplyDims, 1);
    if (bindDim(size, sizes) !== 1) return [];
    return [{ kind: isSoftmax ? "softmax" : "batch norm", scope, symbol: typeof size === "string" ? size : undefined }];
  });
}
