import * as z from "zod";
import { softTargetLoss } from "#models/blocks/loss";
import type { Value } from "#models/onnx/graph";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const softTarget = defineNode({
  type: "loss.soft-target",
  title: "Soft-target contrastive loss",
  description: "Contrastive loss against a teacher's opinion mixed with the truth: momentum distillation.",
  synonyms: ["ITC", "ALBEF", "soft labels"],
  docs: `Targets y = α·softmax(teacher) + (1 − α)·onehot, where row i's truth is column i; loss = mean over rows of
−Σ y·log softmax(logits). The teacher takes no gradient (Li et al. 2021, ALBEF §3.4; salesforce/ALBEF
model_pretrain.py). *Both directions* averages it with the same over columns; that needs as many columns as rows, so
leave it off with a queue of further negatives. Where several columns are right, as *Same ids* tells, they share what
the truth has: onehot becomes same / Σ same (model_retrieval.py).

- \`logits\`, \`teacher\` float32 [B, K], similarities over the temperature; the first B columns are the batch's own
- \`alpha\` float32 [], in place of the parameter: wire *Ramp* where it rises at the beginning
- \`loss\` float32 [], \`targets\` float32 [B, K], those of the rows`,
  version: 1,
  inputs: {
    logits: port.tensor({ dtype: "float32", shape: ["B", "K"] }),
    teacher: port.tensor({ dtype: "float32", shape: ["B", "K"], doc: "The same similarities by the teacher." }),
    alpha: port.tensor({ dtype: "float32", shape: [], optional: true, doc: "The teacher's share of the target." }),
    same: port.tensor({ dtype: "float32", shape: ["B", "K"], optional: true, doc: "1 where a column is right." }),
  },
  outputs: {
    loss: port.tensor({ dtype: "float32", shape: [] }),
    targets: port.tensor({ dtype: "float32", shape: ["B", "K"] }),
  },
  // Nothing that comes in could be what goes out, though a shape may fit.
  bypass: {},
  params: {
    alpha: z
      .number()
      .min(0)
      .max(1)
      .default(0.4)
      .meta({ label: "α", widget: "slider", description: "The teacher's share of the target." }),
    symmetric: z.boolean().default(true).meta({ label: "Both directions" }),
  },
  build(builder) {
    const { op, inputs, params, constant } = builder;
    const { logits, teacher } = inputs;
    const [rows, columns] = logits.shape;
    if (params.symmetric && typeof rows === "number" && typeof columns === "number" && rows !== columns)
      throw new Error(`both directions need as many columns as rows, and the logits are [${rows}, ${columns}]`);
    const alpha = inputs.alpha ?? constant([params.alpha]);
    const turned = (x: Value) => op.Transpose(x, { perm: [1, 0] });
    const same = inputs.same ?? op.EyeLike(logits);
    const truthOf = (right: Value) => (inputs.same ? op.Div(right, op.ReduceSum(right, { axes: [1] })) : right);
    const targetsOf = (opinion: Value, right: Value) =>
      op.Add(
        op.Mul(op.Softmax(op.StopGradient(opinion), { axis: 1 }), alpha),
        op.Mul(truthOf(right), op.Sub(constant([1]), alpha)),
      );
    const meanOf = (scores: Value, targets: Value) =>
      op.ReduceMean(softTargetLoss(builder, scores, targets), { keepdims: 0 });
    const targets = targetsOf(teacher, same);
    const loss = meanOf(logits, targets);
    if (!params.symmetric) return { loss, targets };
    const back = meanOf(turned(logits), targetsOf(turned(teacher), turned(same)));
    return { loss: op.Mul(op.Add(loss, back), constant([0.5])), targets };
  },
});
