import { rankOf } from "#models/train/ranking";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import { sameForm } from "../core/wording";

export const accuracy = defineNode({
  type: "eval.accuracy",
  title: "Accuracy",
  description: "The share of pictures whose right label comes first, and among the first five.",
  docs: `A picture counts when its right label's logit is larger than that of every other candidate; a tie counts
against it. \`logits\` float32 [N, C]; fractions of 1.`,
  version: 1,
  inputs: {
    logits: port.tensor({ dtype: "float32", shape: ["N", "*"] }),
    labels: port.text({ shape: ["*"], doc: "One label per column of the logits." }),
    truth: port.text({ shape: ["N"], doc: "The right label of each picture." }),
  },
  outputs: {
    top1: port.number({ doc: "Fraction of pictures." }),
    top5: port.number({ doc: "Fraction of pictures." }),
    candidates: port.number({ doc: "How many labels there were to choose from." }),
    chance: port.number({ doc: "What guessing reaches: 1 / candidates." }),
  },
  params: {},
  async run({ inputs: { logits, labels, truth } }) {
    const [n = 0, classes = 0] = logits.shape;
    const column = new Map(labels.map((label, i) => [sameForm(label), i]));
    if (labels.length !== classes)
      throw Object.assign(new Error(`There are ${labels.length} labels, and the logits have ${classes} columns.`), {
        hint: "Wire the texts that were scored; with prompt templates, set “Templates per name” in the scorer.",
      });
    if (column.size < labels.length)
      throw Object.assign(new Error("A label occurs twice, so a picture may have two right answers."), {
        hint: "Wire one row per label.",
      });
    const ranks = truth.map((label, row) => {
      const right = column.get(sameForm(label));
      if (right === undefined)
        throw Object.assign(new Error(`The right label “${label}” of picture ${row + 1} is not among the labels.`), {
          hint: "Wire labels that hold every right answer.",
        });
      return rankOf((logits.data as Float32Array).subarray(row * classes, (row + 1) * classes), right);
    });
    const share = (k: number) => ranks.filter((r) => r < k).length / (n || 1);
    return { top1: share(1), top5: share(5), candidates: classes, chance: 1 / classes };
  },
});
