import * as z from "zod";
import type { Value } from "#models/onnx/graph";
import type { Ops } from "#models/onnx/ops/index";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const softTarget = defineNode({
  type: "loss.soft-target",
  title: "Soft-target contrastive loss",
  description: "Contrastive loss against a teacher's opinion mixed with the truth: momentum distillation.",
  docs: `Targets y = α·softmax(teacher) + (1 − α)·onehot, where row i's truth is column i; loss = mean over rows of
−Σ y·log softmax(logits). The teacher takes no gradient (Li et al. 2021, ALBEF §3.4; salesforce/ALBEF
model_pretrain.py). *Both directions* averages it with the same over columns; that needs as many columns as rows, so
leave it off with a queue of further negatives.

- \`logits\`, \`teacher\` float32 [B, K], similarities over the temperature; the first B columns are the batch's own →
  \`loss\` float32 []`,
  version: 1,
  inputs: {
    logits: port.tensor({ dtype: "float32", shape: ["B", "K"] }),
    teacher: port.tensor({ dtype: "float32", shape: ["B", "K"], doc: "The same similarities by the teacher." }),
  },
  outputs: { loss: port.tensor({ dtype: "float32", shape: [] }) },
  params: {
    alpha: z
      .number()
      .min(0)
      .max(1)
      .default(0.4)
      .meta({ label: "α", widget: "slider", description: "The teacher's share of the target." }),
    symmetric: z.boolean().default(true).meta({ label: "Both directions" }),
  },
  build({ op, inputs: { logits, teacher }, params: { alpha, symmetric }, constant }) {
    const [rows, columns] = logits.shape;
    if (symmetric && typeof rows === "number" && typeof columns === "number" && rows !== columns)
      throw new Error(`both directions need as many columns as rows, and the logits are [${rows}, ${columns}]`);
    const right = op.EyeLike(logits);
    const direction = (axis: 0 | 1) => {
      const target = op.Add(
        op.Mul(op.Softmax(op.StopGradient(teacher), { axis }), constant([alpha])),
        op.Mul(right, constant([1 - alpha])),
      );
      return crossEntropy(op, op.LogSoftmax(logits, { axis }), target, axis);
    };
    return { loss: symmetric ? op.Mul(op.Add(direction(1), direction(0)), constant([0.5])) : direction(1) };
  },
});

const crossEntropy = (op: Ops, logp: Value, target: Value, axis: number): Value =>
  op.Neg(op.ReduceMean(op.ReduceSum(op.Mul(target, logp), { axes: [axis], keepdims: 0 }), { keepdims: 0 }));
