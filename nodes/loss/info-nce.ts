import * as z from "zod";
import { matchingLoss } from "#models/blocks/loss";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const infoNce = defineNode({
  type: "loss.info-nce",
  title: "InfoNCE loss",
  description: "CLIP's contrastive loss: each image must find its text among the batch's, and each text its image.",
  synonyms: ["ITC", "NT-Xent", "CLIPLoss", "SimCLR", "image-text contrastive"],
  docs: `½ [cross-entropy of the rows + cross-entropy of the columns], where row i's right answer is column i
(open_clip loss.py). With equal logits it is ln B. With label smoothing ε each term is (1 − ε)·nll + ε·mean over
classes of −log p, as ALIGN uses (ε = 0.1). ALIGN's paper adds the two, \`sum\`, where CLIP and Hugging Face take half
of that.

\`logits\` float32 [B, B] → \`loss\`, \`sum\`, \`imageToText\`, \`textToImage\` float32 []`,
  version: 1,
  inputs: { logits: port.tensor({ dtype: "float32", shape: ["B", "B"] }) },
  outputs: {
    loss: port.tensor({ dtype: "float32", shape: [] }),
    sum: port.tensor({ dtype: "float32", shape: [], doc: "Twice the loss." }),
    imageToText: port.tensor({ dtype: "float32", shape: [] }),
    textToImage: port.tensor({ dtype: "float32", shape: [] }),
  },
  params: { smoothing: z.number().min(0).max(0.9).default(0).meta({ label: "Label smoothing" }) },
  build(builder) {
    const { op, inputs, params, constant } = builder;
    const imageToText = matchingLoss(builder, inputs.logits, 1, params.smoothing);
    const textToImage = matchingLoss(builder, inputs.logits, 0, params.smoothing);
    const sum = op.Add(imageToText, textToImage);
    return { loss: op.Mul(sum, constant([0.5])), sum, imageToText, textToImage };
  },
});
