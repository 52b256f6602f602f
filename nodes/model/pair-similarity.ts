import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const pairSimilarity = defineNode({
  type: "model.pair-similarity",
  title: "Similarity of pairs",
  description: "The product of each row with the row of the same number: the cosine of a picture and its own text.",
  synonyms: ["dot product", "CLIPScore"],
  docs: "Σ x·y over the last axis. `x`, `y` float32 [N, E] → `similarity` float32 [N]",
  version: 1,
  inputs: {
    x: port.tensor({ dtype: "float32", shape: ["N", "E"] }),
    y: port.tensor({ dtype: "float32", shape: ["N", "E"] }),
  },
  outputs: { similarity: port.tensor({ dtype: "float32", shape: ["N"] }) },
  params: {},
  build: ({ op, inputs: { x, y } }) => ({ similarity: op.ReduceSum(op.Mul(x, y), { axes: [-1], keepdims: 0 }) }),
});
