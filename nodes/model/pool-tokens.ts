import * as z from "zod";
import { pickTokens, tokenAt } from "#models/blocks/tokens";
import type { Dim } from "#models/onnx/graph";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const poolTokens = defineNode({
  type: "model.pool-tokens",
  title: "Pool tokens",
  description: "One vector for each row of tokens: their mean, or the first or last of them.",
  synonyms: ["mean pooling", "average pooling", "CLS", "EOS", "sentence embedding"],
  docs: `float32 [B, L, D] → [B, D]. The *mean* is over the tokens that the mask counts, as sentence encoders take it
(Reimers & Gurevych 2019, "Sentence-BERT", §3). *First* is the place of BERT's [CLS]; *last* the last token that the
mask counts, for language models. Without a mask all count.`,
  version: 1,
  inputs: {
    hidden: port.tensor({ dtype: "float32", shape: ["B", "L", "D"] }),
    mask: port.tensor({ dtype: "int64", shape: ["B", "L"], optional: true, doc: "1 where a token counts." }),
  },
  outputs: { embedding: port.tensor({ dtype: "float32", shape: ["B", "D"] }) },
  params: { by: z.enum(["mean", "first", "last"]).default("mean") },
  build(builder) {
    const { op, graph, constant, inputs, params } = builder;
    const { hidden, mask } = inputs;
    if (params.by === "first") return { embedding: tokenAt(builder, hidden, 0) };
    if (!mask) {
      const isLast = params.by === "last";
      return { embedding: isLast ? tokenAt(builder, hidden, -1) : op.ReduceMean(hidden, { axes: [1], keepdims: 0 }) };
    }
    const [batch, length] = mask.shape as [Dim, Dim];
    const counts = op.Greater(mask, graph.constant([0], "int64"));
    if (params.by === "last") {
      const number = op.Mul(
        op.CumSum(op.Cast(counts, { dtype: "int64" }), { along: 1 }),
        op.Cast(counts, { dtype: "int64" }),
      );
      return { embedding: pickTokens(builder, hidden, op.ArgMax(number, { axis: 1, keepdims: 0 })) };
    }
    const weight = op.Reshape(op.Cast(counts, { dtype: "float32" }), { to: [batch, length, 1] });
    const sum = op.ReduceSum(op.Mul(hidden, weight), { axes: [1], keepdims: 0 });
    return { embedding: op.Div(sum, op.Max(op.ReduceSum(weight, { axes: [1], keepdims: 0 }), constant([1]))) };
  },
});
