import type { Dim } from "#models/onnx/graph";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const matchingPairs = defineNode({
  type: "model.matching-pairs",
  title: "Matching pairs",
  description: "The pairs of a batch, and as many with another picture, and with another text: 3·B to tell apart.",
  synonyms: ["ITM", "image-text matching", "negatives"],
  docs: `Rows are first the B pairs, then each text with its negative picture, then each picture with its negative text
(ALBEF §3.2, image-text matching); \`labels\` are 1 for the pairs and 0 for the others. Texts are tokens (BLIP reads
them anew) or states of a text encoder (ALBEF); gradient flows into all copies.

- \`texts\` int64 [B, T] or float32 [B, T, D] → [3·B, …]; \`mask\` int64 [B, T] → [3·B, T]
- \`images\` float32 [B, N, C] → [3·B, N, C]
- \`otherImage\` int64 [B], one for each text; \`otherText\` int64 [B], one for each picture
- \`labels\` int64 [3·B]`,
  version: 1,
  inputs: {
    texts: port.tensor({ doc: "Tokens, or states of them." }),
    mask: port.tensor({ dtype: "int64", shape: ["B", "T"], doc: "1 where a token counts." }),
    images: port.tensor({ dtype: "float32", shape: ["B", "N", "C"] }),
    otherImage: port.tensor({ dtype: "int64", shape: ["B"], doc: "The picture that stands with each text." }),
    otherText: port.tensor({ dtype: "int64", shape: ["B"], doc: "The text that stands with each picture." }),
  },
  outputs: {
    texts: port.tensor({}),
    mask: port.tensor({ dtype: "int64" }),
    images: port.tensor({ dtype: "float32" }),
    labels: port.tensor({ dtype: "int64" }),
  },
  bypass: { texts: "texts", mask: "mask", images: "images" },
  params: {},
  build({ op, graph, inputs }) {
    const { texts, mask, images, otherImage, otherText } = inputs;
    const other = (x: typeof texts, index: typeof texts) => op.Gather(x, index, { axis: 0 });
    const [rows] = mask.shape as [Dim, Dim];
    const label = (n: number) => op.Expand(graph.constant([n], "int64"), { to: [rows] });
    return {
      texts: op.Concat(texts, texts, other(texts, otherText), { axis: 0 }),
      mask: op.Concat(mask, mask, other(mask, otherText), { axis: 0 }),
      images: op.Concat(images, other(images, otherImage), images, { axis: 0 }),
      labels: op.Concat(label(1), label(0), label(0), { axis: 0 }),
    };
  },
});
