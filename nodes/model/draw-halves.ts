import { ranksOf } from "#models/blocks/ranks";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const drawHalves = defineNode({
  type: "model.draw-halves",
  title: "Draw halves",
  description: "Labels of which half are 1 and half are 0, drawn over the batch: which pairs keep their picture.",
  synonyms: ["ITM labels", "random labels"],
  docs: `The rows with the smaller draws get 1, half of the batch, and of an odd batch one less than the others (ViLT,
\`compute_itm_wpa\`: pos_len = B // 2).

\`draws\` float32 [B] in [0, 1) → \`labels\` int64 [B]`,
  version: 1,
  inputs: { draws: port.tensor({ dtype: "float32", shape: ["B"] }) },
  outputs: { labels: port.tensor({ dtype: "int64", shape: ["B"] }) },
  params: {},
  build(builder) {
    const { op, graph, inputs } = builder;
    const rank = ranksOf(builder, inputs.draws);
    // A rank is of the smaller half where twice the number of rows up to it is at most that of all.
    const twice = op.Add(op.Add(rank, rank), graph.constant([2], "int64"));
    const rows = op.Add(op.ReduceMax(rank, { axes: [0] }), graph.constant([1], "int64"));
    return { labels: op.Cast(op.LessOrEqual(twice, rows), { dtype: "int64" }) };
  },
});
