import * as z from "zod";
import { bestOf } from "#models/train/ranking";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import type { Ranking } from "../core/values";

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
  reduce: {
    rows: ["logits", "image", "truth"],
    start({ inputs: { labels }, params }) {
      const items: Ranking["items"] = [];
      return {
        add({ logits, image, truth }) {
          const [rows = 0, classes = 0] = logits.shape;
          if (labels.length !== classes)
            throw Object.assign(
              new Error(`There are ${labels.length} labels, and the logits have ${classes} columns.`),
              {
                hint: "Wire the texts that were scored; with prompt templates, set “Templates per name” in the scorer.",
              },
            );
          const files = image && "files" in image ? image.files : undefined;
          for (let row = 0; row < rows; row++) {
            const scores = (logits.data as Float32Array).subarray(row * classes, (row + 1) * classes);
            const best = bestLabels(scores, labels, params.top);
            items.push({ image: files?.[row], name: files?.[row]?.name, truth: truth?.[row], labels: best });
          }
        },
        finish: () => ({ label: items.map((item) => item.labels[0]?.label ?? ""), ranking: { items } }),
      };
    },
  },
});

/** The highest logits as probabilities among all. */
function bestLabels(logits: Float32Array, labels: readonly string[], top: number): Ranking["items"][number]["labels"] {
  const highest = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit - highest), 0);
  return bestOf(logits, top).map((column) => ({
    label: labels[column] as string,
    score: Math.exp((logits[column] as number) - highest) / total,
  }));
}
