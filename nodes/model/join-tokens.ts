import type { Builder } from "#models/blocks/builder";
import type { Dim, Value } from "#models/onnx/graph";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const joinTokens = defineNode({
  type: "model.join-tokens",
  title: "Join tokens",
  description: "Words and the parts of a picture as one sequence, words first, with the masks of both.",
  synonyms: ["concatenate", "torch.cat"],
  docs: `\`text\` float32 [B, T, D], \`textMask\` int64 [B, T]; \`image\` float32 [B, P, D], \`imageMask\` int64 [B, P]
→ \`tokens\` float32 [B, T + P, D], \`mask\` int64 [B, T + P]. Without a mask all tokens count. *Split tokens* takes
them apart again.`,
  version: 1,
  inputs: {
    text: port.tensor({ dtype: "float32", shape: ["B", "T", "D"] }),
    textMask: port.tensor({ dtype: "int64", shape: ["B", "T"], optional: true, doc: "1 where a token counts." }),
    image: port.tensor({ dtype: "float32", shape: ["B", "P", "D"] }),
    imageMask: port.tensor({ dtype: "int64", shape: ["B", "P"], optional: true, doc: "1 where a token counts." }),
  },
  outputs: {
    tokens: port.tensor({ dtype: "float32", shape: ["B", "*", "D"] }),
    mask: port.tensor({ dtype: "int64", shape: ["B", "*"] }),
  },
  params: {},
  build(builder) {
    const { op, inputs } = builder;
    const { text, image } = inputs;
    const textMask = inputs.textMask ?? onesFor(builder, text);
    const imageMask = inputs.imageMask ?? onesFor(builder, image);
    return {
      tokens: op.Concat(text, image, { axis: 1 }),
      mask: op.Concat(textMask, imageMask, { axis: 1 }),
    };
  },
});

function onesFor({ op, graph }: Builder, { shape }: Value): Value {
  return op.Expand(graph.constant([1], "int64"), { to: shape.slice(0, 2) as Dim[] });
}
