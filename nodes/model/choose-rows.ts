import type { Dim } from "#models/onnx/graph";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const chooseRows = defineNode({
  type: "model.choose-rows",
  title: "Choose rows",
  description: "Each row from one of two batches, as labels say: its own picture, or another one.",
  synonyms: ["torch.where", "select", "switch"],
  docs: `Row b of \`first\` where its label is 1, else of \`second\`. \`labels\` int64 [B]; \`first\`, \`second\`
float32 [B, …] of one shape → \`rows\` of the same`,
  version: 1,
  inputs: {
    labels: port.tensor({ dtype: "int64", shape: ["B"] }),
    first: port.tensor({ dtype: "float32", doc: "Taken where the label is 1." }),
    second: port.tensor({ dtype: "float32", doc: "Taken where it is 0." }),
  },
  outputs: { rows: port.tensor({ dtype: "float32" }) },
  params: {},
  build({ op, graph, inputs: { labels, first, second } }) {
    const [batch] = labels.shape as [Dim];
    const to = [batch, ...first.shape.slice(1).map(() => 1)];
    const isFirst = op.Equal(op.Reshape(labels, { to }), graph.constant([1], "int64"));
    return { rows: op.Where(isFirst, first, second) };
  },
});
