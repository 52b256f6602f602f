import * as z from "zod";
import { listOf } from "#models/patterns";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const freeze = defineNode({
  type: "weights.freeze",
  title: "Freeze",
  description: "Marks parameters that take no gradient: training computes nothing for them.",
  synonyms: ["requires_grad", "stop gradient", "detach", "lock"],
  docs: `Names are patterns with * for any letters, one per line: \`vision.*\` freezes the vision tower. The default
freezes all but LoRA's adapters; \`*lora_*\` freezes those.

Frozen running statistics of batch norm (\`*running_*\`) stay what they are, and are what a training normalizes with, as
after eval() in PyTorch; those that are not frozen follow the batches, which are normalized with their own.`,
  version: 1,
  inputs: { weights: port.weights() },
  outputs: { weights: port.weights({ shares: "weights" }) },
  params: {
    names: z.string().max(10_000).default("*").meta({ widget: "textarea", description: "Patterns, one per line." }),
  },
  marks: ({ names }) => ({ frozen: listOf(names) }),
  run: async ({ inputs, params }) => ({
    weights: { ...inputs.weights, frozen: [...(inputs.weights.frozen ?? []), ...listOf(params.names)] },
  }),
});
