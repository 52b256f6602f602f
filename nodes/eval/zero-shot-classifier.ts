import * as z from "zod";
import { bestOf } from "#models/train/ranking";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const zeroShotClassifier = defineNode({
  type: "eval.zero-shot-classifier",
  title: "Zero-shot classifier",
  description: "Names each picture with the label whose text is nearest.",
  docs: `Probabilities are the softmax over all labels of the scorer's logits (Radford et al. 2021, §3.1.2).
\`logits\` float32 [N, C], one column per label.`,
  version: 1,
  inputs: {
    logits: port.tensor({ dtype: "float32", shape: ["N", "*"] }),
    labels: port.text({ shape: ["*"], doc: "One label per column of the logits." }),
    image: port.image({ shape: ["N", "*", "*"], optional: true, doc: "Shown beside the labels." }),
    truth: port.text({ shape: ["N"], optional: true, doc: "The right label of each picture." }),
  },
  outputs: {
    label: port.text({ shape: ["N"], doc: "The best label." }),
    ranking: port.ranking({ doc: "The best labels with their probabilities." }),
  },
  params: { top: z.int().min(1).max(100).default(5).meta({ label: "Labels shown" }) },
  async run({ inputs: { logits, labels, image, truth }, params }) {
    const [n = 0, classes = 0] = logits.shape;
    const files = image && "files" in image ? image.files : undefined;
    if (labels.length !== classes)
      throw Object.assign(new Error(`There are ${labels.length} labels, and the logits have ${classes} columns.`), {
        hint: "Wire the texts that were scored; with prompt templates, set “Templates per name” in the scorer.",
      });
    const items = Array.from({ length: n }, (_, i) => {
      const row = (logits.data as Float32Array).subarray(i * classes, (i + 1) * classes);
      const most = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
      const total = row.reduce((sum, x) => sum + Math.exp(x - most), 0);
      return {
        image: files?.[i],
        name: files?.[i]?.name,
        truth: truth?.[i],
        labels: bestOf(row, params.top).map((c) => ({
          label: labels[c] as string,
          score: Math.exp((row[c] as number) - most) / total,
        })),
      };
    });
    return { label: items.map((item) => item.labels[0]?.label ?? ""), ranking: { items } };
  },
});
