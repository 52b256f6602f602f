/** Heads that say what a picture or text is, and their losses. */
import { type Builder, linear } from "../../blocks/builder";
import { binaryCrossEntropyLoss, crossEntropyLoss, squaredLoss } from "../../blocks/loss";
import type { Dim, Value } from "../../onnx/graph";
import type { Inputs, InputSpec, Outputs } from "./architecture";
import { once } from "./architecture";
import { labelCount } from "./config";

/** Classes as int64 [B], or numbers and marks as float32 [B, C]. */
export const labelInput: InputSpec = { dtype: "int64", shape: ["B"], optional: true };

export interface ClassifierConfig {
  id2label?: object | null;
  num_labels?: number | null;
  problem_type?: string | null;
}

/** `logits` of a linear layer on what is pooled, and with labels their `loss`. pooled: float32 [B, D]. */
export function classifierOutputs(
  builder: Builder,
  config: ClassifierConfig,
  inputs: Inputs,
  pooled: () => Value,
  name = "classifier",
): Outputs {
  const count = labelCount(config);
  const logits = once(() => (count === 0 ? pooled() : linear(builder, name, pooled(), count)));
  return { loss: () => classifierLoss(builder, config, logits(), inputs.need("labels")), logits };
}

/** As transformers chooses it: by the kind of problem, or by the number of classes and the labels' element type. */
export function classifierLoss(builder: Builder, config: ClassifierConfig, logits: Value, labels: Value): Value {
  const { op } = builder;
  const count = labelCount(config);
  const kind = config.problem_type ?? kindOf(count, labels);
  if (kind === "single_label_classification") {
    const [batch] = logits.shape as [Dim];
    return crossEntropyLoss(builder, logits, op.Reshape(labels, { to: [batch] }));
  }
  const numbers = labels.dtype === "float32" ? labels : op.Cast(labels, { dtype: "float32" });
  const targets = op.Reshape(numbers, { to: logits.shape });
  if (kind === "regression") return squaredLoss(builder, logits, targets);
  return binaryCrossEntropyLoss(builder, logits, targets);
}

function kindOf(count: number, labels: Value): string {
  if (count === 1) return "regression";
  return labels.dtype === "float32" ? "multi_label_classification" : "single_label_classification";
}
