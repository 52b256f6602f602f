import * as z from "zod";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const weightedSum = defineNode({
  type: "loss.weighted-sum",
  title: "Weighted sum",
  description: "Losses together, times a weight: the mean of two directions, or a term that counts a tenth.",
  synonyms: ["total loss", "add losses", "combine losses", "multi-task"],
  docs: `weight · Σ losses. Each is float32 [] → \`loss\` float32 []. A trainer adds up what is wired to it by itself.`,
  version: 1,
  inputs: { losses: port.tensor({ dtype: "float32", shape: [], many: true }) },
  outputs: { loss: port.tensor({ dtype: "float32", shape: [] }) },
  params: { weight: z.number().min(-1000).max(1000).default(1) },
  build({ op, inputs: { losses }, params, constant }) {
    const [first, ...others] = losses;
    if (!first) throw new Error("no loss comes in");
    const sum = others.reduce((total, loss) => op.Add(total, loss), first);
    return { loss: op.Mul(sum, constant([params.weight])) };
  },
});
