import type { Dim } from "#models/onnx/graph";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const splitTokens = defineNode({
  type: "model.split-tokens",
  title: "Split tokens",
  description: "Takes one sequence of words and parts of a picture apart again.",
  synonyms: ["torch.split", "chunk", "slice"],
  docs: `\`tokens\` float32 [B, T + P, D] → \`text\` float32 [B, T, D], \`image\` float32 [B, P, D], where \`like\`
int64 [B, T], ids or a mask of the texts, says how many words there are.`,
  version: 1,
  inputs: {
    tokens: port.tensor({ dtype: "float32", shape: ["B", "S", "D"] }),
    like: port.tensor({ dtype: "int64", shape: ["B", "T"], doc: "As many as there are words." }),
  },
  outputs: {
    text: port.tensor({ dtype: "float32", shape: ["B", "T", "D"] }),
    image: port.tensor({ dtype: "float32", shape: ["B", "*", "D"] }),
  },
  params: {},
  build({ op, inputs: { tokens, like } }) {
    const length = like.shape[1] as Dim;
    if (typeof length !== "number") throw new Error("it must be known how many words there are");
    const cut = (start: number, end: number) => op.Slice(tokens, { starts: [start], ends: [end], axes: [1] });
    return { text: cut(0, length), image: cut(length, Number.MAX_SAFE_INTEGER) };
  },
});
