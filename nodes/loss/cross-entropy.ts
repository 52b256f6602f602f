import * as z from "zod";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

/** The label that takes no part, as torch's default ignore_index. */
const ignored = -100;

export const crossEntropy = defineNode({
  type: "loss.cross-entropy",
  title: "Cross-entropy loss",
  description: "How unlikely the logits make the right classes: what a classifier is trained with.",
  docs: `The mean over rows of −log softmax(logits)[label] (torch.nn.functional.cross_entropy). Rows with the label
${ignored} are left out of the mean; when none is left the loss is 0. With label smoothing ε a row's term is
(1 − ε)·nll + ε·mean over classes of −log p. A label that is no class stops the run.

\`logits\` float32 [B, C], \`labels\` int64 [B] → \`loss\` float32 []`,
  version: 1,
  inputs: {
    logits: port.tensor({ dtype: "float32", shape: ["B", "C"] }),
    labels: port.tensor({ dtype: "int64", shape: ["B"], doc: `Class ids from 0; ${ignored} leaves a row out.` }),
  },
  outputs: { loss: port.tensor({ dtype: "float32", shape: [] }) },
  params: { smoothing: z.number().min(0).max(0.9).default(0).meta({ label: "Label smoothing" }) },
  build({ op, graph, inputs: { logits, labels }, params: { smoothing }, constant }) {
    const [batch = 0] = labels.shape;
    const logp = op.LogSoftmax(logits, { axis: 1 });
    const isIgnored = op.Equal(op.Cast(labels, { dtype: "float32" }), constant([ignored]));
    // An ignored label is no index: it is read as class 0, and its row weighs nothing.
    const index = op.Where(isIgnored, graph.constant([0], "int64"), labels);
    const weight = op.Cast(op.Not(isIgnored), { dtype: "float32" });
    const right = op.Reshape(op.GatherElements(logp, op.Reshape(index, { to: [batch, 1] }), { axis: 1 }), {
      to: [batch],
    });
    const score =
      smoothing === 0
        ? right
        : op.Add(
            op.Mul(right, constant([1 - smoothing])),
            op.Mul(op.ReduceMean(logp, { axes: [1], keepdims: 0 }), constant([smoothing])),
          );
    const rows = op.Max(op.ReduceSum(weight, { keepdims: 0 }), constant([1]));
    return { loss: op.Neg(op.Div(op.ReduceSum(op.Mul(score, weight), { keepdims: 0 }), rows)) };
  },
});
