import * as z from "zod";
import { placesOf } from "#models/blocks/attention";
import type { Dim, Value } from "#models/onnx/graph";
import { otherRows } from "../core/other-rows";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

/** In the place of a score that is not drawn by, and the sum of weights below which float32 blurs them. */
const ruledOut = -1e30;
const leastChance = 1e-20;

export const hardNegatives = defineNode({
  type: "model.hard-negatives",
  title: "Hard negatives",
  description:
    "For each row another one of the batch, the likelier the more similar: what matching is learned against.",
  synonyms: ["negative mining", "ITM"],
  docs: `Weights are a softmax over the batch's own columns, the first B; the row's own pair is then 0, with \`same\` of
*Same ids* all that is of the row's picture, and what is left is not normalized again (ALBEF §3.3; salesforce/ALBEF,
models/model_pretrain.py, model_retrieval.py). BLIP adds 1e-4 first. The draw u in [0, 1) chooses the first j with
w₀ + … + wⱼ > u·Σw. Where the own pair is so much likelier that float32 has nothing left for the others, they are
weighed among themselves. It takes no gradient. A batch of one row has no other, and is not trained on.

- \`logits\` float32 [B, K], similarities over the temperature, K at least B
- \`draws\` float32 [B]
- \`index\` int64 [B], \`chances\` float32 [B, B]`,
  version: 1,
  inputs: {
    logits: port.tensor({ dtype: "float32", shape: ["B", "K"] }),
    draws: port.tensor({ dtype: "float32", shape: ["B"], doc: "Uniform on [0, 1)." }),
    same: port.tensor({ dtype: "float32", shape: ["B", "K"], optional: true, doc: "1 where a column is no negative." }),
  },
  outputs: {
    index: port.tensor({ dtype: "int64", shape: ["B"] }),
    chances: port.tensor({ dtype: "float32", shape: ["B", "B"] }),
  },
  // Nothing that comes in could be what goes out, though a shape may fit.
  bypass: {},
  params: {
    floor: z.number().min(0).max(1).default(0).meta({ description: "Added to each weight: 1e-4 in BLIP." }),
  },
  build(builder) {
    const { op, graph, inputs, params, constant } = builder;
    const [rows] = inputs.logits.shape as [Dim, Dim];
    graph.limit(otherRows(rows));
    const ownColumns = (x: Value) => op.Gather(x, placesOf(builder, rows), { axis: 1 });
    const logits = ownColumns(op.StopGradient(inputs.logits));
    const likely = op.Add(op.Softmax(logits, { axis: 1 }), constant([params.floor]));
    const same = inputs.same ? ownColumns(inputs.same) : op.EyeLike(likely);
    const chances = op.Mul(likely, op.Sub(constant([1]), same));
    const others = op.Softmax(op.Where(op.Greater(same, constant([0.5])), constant([ruledOut]), logits), { axis: 1 });
    const hasChance = op.Greater(op.ReduceSum(chances, { axes: [1] }), constant([leastChance]));
    const weights = op.Where(hasChance, chances, op.Mul(others, op.Sub(constant([1]), same)));
    const sums = op.CumSum(weights, { along: 1 });
    const all = op.ReduceMax(sums, { axes: [1] });
    const drawn = op.Mul(op.Reshape(inputs.draws, { to: [rows, 1] }), all);
    // A product that is rounded up to the sum itself still chooses the last one that has a chance.
    const isBefore = op.And(op.LessOrEqual(sums, drawn), op.Less(sums, all));
    const index = op.ReduceSum(op.Cast(isBefore, { dtype: "float32" }), { axes: [1], keepdims: 0 });
    return { index: op.Cast(index, { dtype: "int64" }), chances };
  },
});
