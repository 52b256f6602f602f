import { ranksOf } from "#models/blocks/ranks";
import type { Dim } from "#models/onnx/graph";
import { defineNode } from "../core/node";
import { otherRows } from "../core/other-rows";
import { port } from "../core/ports";

export const shuffleRows = defineNode({
  type: "model.shuffle-rows",
  title: "Shuffle rows",
  description: "The rows of a batch in another order, as drawn: another picture for each text.",
  synonyms: ["permute", "randperm", "negatives"],
  docs: `Row b becomes the row whose number is the rank of draw b among the batch's, so that each comes once. A row may
come to lie where it was, as often as chance has it. A batch of one row has no other, and is not trained on.

\`rows\` float32 [B, …], \`draws\` float32 [B] in [0, 1) → \`rows\` float32 [B, …]`,
  version: 1,
  inputs: {
    rows: port.tensor({ dtype: "float32" }),
    draws: port.tensor({ dtype: "float32", shape: ["B"] }),
  },
  outputs: { rows: port.tensor({ dtype: "float32" }) },
  bypass: { rows: "rows" },
  params: {},
  build(builder) {
    const { op, graph, inputs } = builder;
    graph.limit(otherRows(inputs.draws.shape[0] as Dim));
    return { rows: op.Gather(inputs.rows, ranksOf(builder, inputs.draws), { axis: 0 }) };
  },
});
