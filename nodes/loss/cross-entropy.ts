import * as z from "zod";
import { crossEntropyLoss, ignoredLabel } from "#models/blocks/loss";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const crossEntropy = defineNode({
  type: "loss.cross-entropy",
  title: "Cross-entropy loss",
  description: "How unlikely the logits make the right classes: what a classifier is trained with.",
  synonyms: ["CrossEntropyLoss", "softmax", "NLL"],
  docs: `The mean over rows of −log softmax(logits)[label] (torch.nn.functional.cross_entropy). Rows with the label
${ignoredLabel} are left out of the mean; when none is left the loss is 0. With label smoothing ε a row's term is
(1 − ε)·nll + ε·mean over classes of −log p. A label that is no class stops the run.

\`logits\` float32 [B, C], \`labels\` int64 [B] → \`loss\` float32 []`,
  version: 1,
  inputs: {
    logits: port.tensor({ dtype: "float32", shape: ["B", "C"] }),
    labels: port.tensor({ dtype: "int64", shape: ["B"], doc: `Class ids from 0; ${ignoredLabel} leaves a row out.` }),
  },
  outputs: { loss: port.tensor({ dtype: "float32", shape: [] }) },
  params: { smoothing: z.number().min(0).max(0.9).default(0).meta({ label: "Label smoothing" }) },
  build: (builder) => ({
    loss: crossEntropyLoss(builder, builder.inputs.logits, builder.inputs.labels, builder.params.smoothing),
  }),
});
