import * as z from "zod";
import { placesOf } from "#models/blocks/attention";
import { ignoredLabel } from "#models/blocks/loss";
import type { Dim } from "#models/onnx/graph";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const firstToken = defineNode({
  type: "text.first-token",
  title: "First token",
  description: "Puts another token in the place of the first: what tells BLIP's text model which of its tasks it has.",
  synonyms: ["CLS", "BOS", "[ENC]", "[DEC]"],
  docs: `BLIP's texts begin with [CLS] for the text encoder, [ENC] for the picture-grounded encoder and [DEC] for the
decoder (Li et al. 2022, §3.1; salesforce/BLIP, models/blip_pretrain.py). \`labels\` are the same tokens, and
${ignoredLabel} where the mask leaves them out: what *Causal LM loss* asks for.

\`ids\`, \`mask\` int64 [B, T] → \`ids\`, \`labels\` int64 [B, T]`,
  version: 1,
  inputs: {
    ids: port.tensor({ dtype: "int64", shape: ["B", "T"] }),
    mask: port.tensor({ dtype: "int64", shape: ["B", "T"], optional: true, doc: "1 where a token counts." }),
  },
  outputs: {
    ids: port.tensor({ dtype: "int64", shape: ["B", "T"] }),
    labels: port.tensor({ dtype: "int64", shape: ["B", "T"] }),
  },
  bypass: { ids: "ids" },
  params: { token: z.int().min(0).default(30_523).meta({ label: "Token", description: "Its id." }) },
  build(builder) {
    const { op, graph, inputs, params } = builder;
    const integer = (n: number) => graph.constant([n], "int64");
    const [, length] = inputs.ids.shape as [Dim, Dim];
    const isFirst = op.Reshape(op.Equal(placesOf(builder, length), integer(0)), { to: [1, length] });
    const ids = op.Where(isFirst, integer(params.token), inputs.ids);
    const { mask } = inputs;
    return { ids, labels: mask ? op.Where(op.Greater(mask, integer(0)), ids, integer(ignoredLabel)) : ids };
  },
});
