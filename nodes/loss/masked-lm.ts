import { ignoredLabel, softTargetLoss, tokenLoss } from "#models/blocks/loss";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const maskedLm = defineNode({
  type: "loss.masked-lm",
  title: "Masked LM loss",
  description: "How unlikely a model finds the words that were hidden, by the truth and by a momentum teacher.",
  synonyms: ["MLM", "fill-mask", "cloze"],
  docs: `The mean of −log softmax(logits)[label] over the places that have a label. With a teacher's scores it is mixed
with the teacher's opinion: loss = (1 − α)·\`truth\` + α·\`distilled\`, where \`distilled\` is the mean over the same
places of −Σ softmax(teacher)·log softmax(logits), both over the words (ALBEF §3.4; the first release took the second
over places). The teacher takes no gradient. α comes in, since it rises at the beginning: *Ramp*.

\`logits\`, \`teacher\` float32 [B, T, V], \`labels\` int64 [B, T], ${ignoredLabel} where nothing is asked for`,
  version: 1,
  inputs: {
    logits: port.tensor({ dtype: "float32", shape: ["B", "T", "V"] }),
    labels: port.tensor({ dtype: "int64", shape: ["B", "T"], doc: `${ignoredLabel} where nothing is asked for.` }),
    teacher: port.tensor({ dtype: "float32", shape: ["B", "T", "V"], optional: true }),
    alpha: port.tensor({ dtype: "float32", shape: [], optional: true, doc: "The teacher's share." }),
  },
  outputs: {
    loss: port.tensor({ dtype: "float32", shape: [] }),
    truth: port.tensor({ dtype: "float32", shape: [] }),
    distilled: port.tensor({ dtype: "float32", shape: [] }),
  },
  // Nothing that comes in could be what goes out, though a shape may fit.
  bypass: {},
  params: {},
  build(builder) {
    const { op, graph, constant, inputs } = builder;
    const { logits, labels, teacher, alpha } = inputs;
    const truth = tokenLoss(builder, logits, labels);
    if (!teacher !== !alpha) throw new Error("a teacher needs α, its share, and α a teacher");
    if (!teacher || !alpha) return { loss: truth, truth, distilled: truth };
    const rows = softTargetLoss(builder, logits, op.Softmax(op.StopGradient(teacher), { axis: -1 }));
    const isAsked = op.Not(op.Equal(labels, graph.constant([ignoredLabel], "int64")));
    const weight = op.Cast(isAsked, { dtype: "float32" });
    const count = op.Max(op.ReduceSum(weight, { keepdims: 0 }), constant([1]));
    const distilled = op.Div(op.ReduceSum(op.Mul(rows, weight), { keepdims: 0 }), count);
    const loss = op.Add(op.Mul(op.Sub(constant([1]), alpha), truth), op.Mul(alpha, distilled));
    return { loss, truth, distilled };
  },
});
