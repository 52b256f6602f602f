import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const matched = defineNode({
  type: "eval.matched",
  title: "Matched",
  description: "Whether a text is said to match its picture, and how sure that is: the filter of CapFilt.",
  synonyms: ["image-text matching", "ITM"],
  docs: `A pair stays where the score of a match is the larger (Li et al. 2022, BLIP §3.3; \`models/blip_itm.py\`).

\`logits\` float32 [N, 2], no match and match → \`probability\` float32 [N], softmax's second; \`keep\` int64 [N], 1
where the match is larger`,
  version: 1,
  inputs: { logits: port.tensor({ dtype: "float32", shape: ["N", 2] }) },
  outputs: {
    probability: port.tensor({ dtype: "float32", shape: ["N"] }),
    keep: port.tensor({ dtype: "int64", shape: ["N"] }),
  },
  params: {},
  build({ op, constant, inputs: { logits } }) {
    const to = logits.shape.slice(0, 1);
    const column = (x: typeof logits, i: number) =>
      op.Reshape(op.Slice(x, { starts: [i], ends: [i + 1], axes: [1] }), { to });
    const difference = op.Sub(column(logits, 1), column(logits, 0));
    return {
      probability: column(op.Softmax(logits, { axis: 1 }), 1),
      keep: op.Cast(op.Greater(difference, constant([0])), { dtype: "int64" }),
    };
  },
});
