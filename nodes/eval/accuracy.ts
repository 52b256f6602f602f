import { rankOf } from "#models/train/ranking";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import { sameForm } from "../core/wording";
import { refuseOtherColumns, scoresOf } from "../core/columns";

export const accuracy = defineNode({
  type: "eval.accuracy",
  title: "Accuracy",
  description: "The share of pictures whose right label comes first, and among the first five.",
  synonyms: ["top-1", "top-5", "metric"],
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
  reduce: {
    rows: ["logits", "truth"],
    start({ inputs: { labels } }) {
      const column = columnsOf(labels);
      let rows = 0;
      let firsts = 0;
      let amongFive = 0;
      return {
        add({ logits, truth }, first) {
          refuseOtherColumns(labels, logits, "labels");
          for (const [row, label] of truth.entries()) {
            const right = column.get(sameForm(label)) ?? refuseUnknown(label, first + row);
            const rank = rankOf(scoresOf(logits, row), right);
            rows++;
            if (rank < 1) firsts++;
            if (rank < 5) amongFive++;
          }
        },
        finish: () => ({
          top1: firsts / (rows || 1),
          top5: amongFive / (rows || 1),
          candidates: labels.length,
          chance: 1 / labels.length,
        }),
      };
    },
  },
});

/** The column of each label. */
function columnsOf(labels: readonly string[]): Map<string, number> {
  const column = new Map(labels.map((label, i) => [sameForm(label), i]));
  if (column.size === labels.length) return column;
  throw Object.assign(new Error("A label occurs twice, so a picture may have two right answers."), {
    hint: "Wire one row per label.",
  });
}

function refuseUnknown(label: string, row: number): never {
  throw Object.assign(new Error(`The right label “${label}” of picture ${row + 1} is not among the labels.`), {
    hint: "Wire labels that hold every right answer.",
  });
}
