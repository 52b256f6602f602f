import * as z from "zod";
import { multiplyDims } from "#models/onnx/dim";
import type { Dim, Value } from "#models/onnx/graph";
import { append } from "#models/onnx/ops/index";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const pickMasked = defineNode({
  type: "model.pick-masked",
  title: "Pick masked",
  description: "The tokens at hidden places alone, with what is asked of them, row behind row.",
  synonyms: ["gather", "masked_select", "boolean mask"],
  docs: `Every row has as many hidden places, *Hidden*; they come from left to right. A class token, one token more than
there are places, is left out.

- \`tokens\` float32 [B, N, D] or [B, 1 + N, D], \`labels\` and \`masked\` int64 [B, N], *Hidden* ones in each row
- \`features\` float32 [B·hidden, D], \`labels\` int64 [B·hidden]; \`patches\` float32 [B, N, D], all without the class
  token`,
  version: 1,
  inputs: {
    tokens: port.tensor({ dtype: "float32", shape: ["B", "S", "D"] }),
    labels: port.tensor({ dtype: "int64", shape: ["B", "N"] }),
    masked: port.tensor({ dtype: "int64", shape: ["B", "N"], doc: "1 where a place is hidden." }),
  },
  outputs: {
    features: port.tensor({ dtype: "float32", shape: ["*", "D"] }),
    labels: port.tensor({ dtype: "int64", shape: ["*"] }),
    patches: port.tensor({ dtype: "float32", shape: ["B", "N", "D"] }),
  },
  // Nothing that comes in could be what goes out, though a shape may fit.
  bypass: {},
  params: { count: z.int().min(1).max(65_536).default(75).meta({ label: "Hidden", unit: "patches" }) },
  build({ op, graph, inputs, params: { count }, constant }) {
    const { tokens, labels, masked } = inputs;
    const [batch, , width] = tokens.shape as [Dim, Dim, number];
    const [length, places] = [tokens.shape[1], masked.shape[1]];
    if (typeof length !== "number" || typeof places !== "number")
      throw new Error("it must be known how many tokens there are");
    if (count > places) throw new Error(`of ${places} places ${count} are to be hidden`);
    const patches = op.Slice(tokens, { starts: [length - places], ends: [length], axes: [1] });
    // Hidden places first, and among them those further left.
    const order = constant(
      Array.from({ length: places }, (_, place) => -place / places),
      [1, places],
    );
    const [, chosen] = append(graph, "TopK", [op.Add(op.Cast(masked, { dtype: "float32" }), order)], {
      k: [count],
      axis: 1,
    });
    const index = op.Reshape(chosen as Value, { to: [batch, count, 1] });
    const rows = multiplyDims(batch, count);
    const picked = op.GatherND(patches, index, { batch_dims: 1 });
    return {
      features: op.Reshape(picked, { to: [rows, width] }),
      labels: op.Reshape(op.GatherND(labels, index, { batch_dims: 1 }), { to: [rows] }),
      patches,
    };
  },
});
