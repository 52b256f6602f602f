import { bindDim, multiplyDims } from "./dim";
import type { Attrs, Dim, Graph, Value } from "./graph";
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
 * The softmaxes of a graph that losses are made of and that choose among one (a contrastive loss over a batch of one
 * row, or a classifier with one class), and batch norms over one value. `sizes` says what symbols stand for.
 */
export function singleChoices(graph: Graph, sizes: Readonly<Record<string, number>>): SingleChoice[] {
  return graph.nodes.flatMap(({ op, inputs, attrs, scope }): SingleChoice[] => {
    const shape = inputs[0]?.shape ?? [];
    const isNorm = op === "TrainingBatchNormalization";
    const choices = choicesOf(graph, op, inputs, attrs);
    const joined = isNorm ? shape.filter((_, axis) => axis !== 1) : choices;
    if (!joined) return [];
    const size = joined.reduce(multiplyDims, 1);
    if (bindDim(size, sizes) !== 1) return [];
    return [{ kind: isNorm ? "batch norm" : "softmax", scope, symbol: typeof size === "string" ? size : undefined }];
  });
}

/** What a softmax chooses among: along the axis of a log-softmax, or where exponentials are added up. */
function choicesOf(graph: Graph, op: string, inputs: readonly Value[], attrs: Attrs): Dim[] | undefined {
  const [x] = inputs;
  if (!x) return undefined;
  const along = (axis: number) => x.shape[axisOf(axis, x.shape.length)] as Dim;
  if (op === "LogSoftmax") return [along((attrs.axis as number | undefined) ?? -1)];
  const isSumOfExponentials = op === "ReduceSum" && graph.makerOf(x)?.op === "Exp";
  return isSumOfExponentials ? (attrs.axes as readonly number[] | undefined)?.map(along) : undefined;
}
