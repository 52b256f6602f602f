import * as z from "zod";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const l2Normalize = defineNode({
  type: "model.l2-normalize",
  title: "L2 normalize",
  description: "Divides each embedding by its length, so that a product of two is their cosine.",
  synonyms: ["F.normalize", "unit vectors", "unit norm"],
  docs: `x / ‖x‖₂ over the last axis. float32 [B, E] → the same. CLIP adds no epsilon; a small one keeps a zero
vector finite.`,
  version: 1,
  inputs: { embedding: port.tensor({ dtype: "float32", shape: ["B", "E"] }) },
  outputs: { embedding: port.tensor({ dtype: "float32", shape: ["B", "E"] }) },
  params: { epsilon: z.number().min(0).max(1e-2).default(0).meta({ advanced: true, scale: "log" }) },
  build({ op, inputs: { embedding: x }, params, constant }) {
    const length = op.ReduceL2(x, { axes: [-1] });
    return { embedding: op.Div(x, params.epsilon > 0 ? op.Max(length, constant([params.epsilon])) : length) };
  },
});
