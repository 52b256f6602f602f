import * as z from "zod";
import { bestOf } from "#models/train/ranking";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import type { Ranking } from "../core/values";
import { refuseOtherColumns, scoresOf } from "../core/columns";

export const zeroShotClassifier = defineNode({
  type: "eval.zero-shot-classifier",
  title: "Zero-shot classifier",
  description: "Names each picture with the label whose text is nearest.",
  synonyms: ["zero-shot image classification", "classify", "predict"],
  docs: `Probabilities are the softmax over all labels of the scorer's logits (Radford et al. 2021, §3.1.2).
\`logits\` float32 [N, C], one column per label. \`label\` has all rows; \`ranking\`, which is looked at, the first
1,000 that were named right and the first 1,000 others.`,
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
      const label: string[] = [];
      const items: Ranking["items"] = [];
      const shown = { right: 0, wrong: 0 };
      return {
        add({ logits, image, truth }) {
          refuseOtherColumns(labels, logits, "labels");
          const files = image && "files" in image ? image.files : undefined;
          const [rows = 0] = logits.shape;
          for (let row = 0; row < rows; row++) {
            const scores = scoresOf(logits, row);
            const [best] = bestOf(scores, 1);
            const name = best === undefined ? "" : (labels[best] as string);
            label.push(name);
            const kind = name === truth?.[row] ? "right" : "wrong";
            if (shown[kind]++ >= mostShown) continue;
            const file = files?.[row];
            const ranked = bestLabels(scores, labels, params.top);
            items.push({ image: file, name: file?.name, truth: truth?.[row], labels: ranked });
          }
        },
        finish: () => ({ label, ranking: { items } }),
      };
    },
  },
});

/** As many pictures as *Ranked labels* shows at most, of those that were named right and of the others. */
const mostShown = 1000;

/** The highest logits as probabilities among all. */
function bestLabels(logits: Float32Array, labels: readonly string[], top: number): Ranking["items"][number]["labels"] {
  const highest = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit - highest), 0);
  return bestOf(logits, top).map((column) => ({
    label: labels[column] as string,
    score: Math.exp((logits[column] as number) - highest) / total,
  }));
}
