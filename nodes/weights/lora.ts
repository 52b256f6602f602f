import * as z from "zod";
import { listOf } from "#models/patterns";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const lora = defineNode({
  type: "weights.lora",
  title: "LoRA",
  description: "Adds low-rank adapters to matrices, and trains those instead of them.",
  synonyms: ["PEFT", "LoraConfig", "QLoRA", "fine-tune"],
  docs: `W becomes W + (α / rank)·A·B for each matrix [in, out] whose name fits a target; A [in, rank] starts as a
Linear's default, B [rank, out] at zero (Hu et al. 2021, "LoRA", §4.1). Everything else that reads this handle is
frozen, as in PEFT with bias "none", unless *Others train* is on. Adapters are saved as \`name.lora_A\` and
\`name.lora_B\`; *Merge adapters* folds them in.

**DoRA** (Liu et al. 2024) trains how long the numbers are that each output reads apart from where they point: W becomes
m·(W + (α / rank)·A·B) / ‖W + (α / rank)·A·B‖. m starts as ‖W‖; by how much it is longer is saved as \`name.lora_M\`. It
learns more with a small rank, and costs a product of whole matrices in each step.`,
  version: 1,
  inputs: { weights: port.weights() },
  outputs: { weights: port.weights({ shares: "weights" }) },
  params: {
    rank: z.int().min(1).max(1024).default(8),
    alpha: z
      .number()
      .min(0)
      .max(4096)
      .default(16)
      .meta({ label: "Alpha", description: "The adapter is scaled by alpha / rank." }),
    stabilized: z.boolean().default(false).meta({
      label: "Rank-stabilized",
      description: "Scales by alpha / √rank instead, so that a high rank learns no slower (rsLoRA).",
      advanced: true,
    }),
    dora: z.boolean().default(false).meta({
      label: "DoRA",
      description: "Trains the length of what each output reads apart from its direction.",
      advanced: true,
    }),
    targets: z
      .string()
      .min(1)
      .max(10_000)
      .default("*qkv.weight\n*out.weight")
      .meta({ widget: "textarea", description: "Names of matrices, one pattern per line; * is any letters." }),
    others: z
      .boolean()
      .default(false)
      .meta({ label: "Others train", description: "Leaves biases, norms and other parameters trainable." }),
  },
  marks: ({ rank, targets, others }) => ({
    adapters: { rank, targets: listOf(targets) },
    ...(others ? {} : { frozen: ["*"] }),
  }),
  run: async ({ inputs: { weights }, params: { rank, alpha, stabilized, dora, targets, others } }) => ({
    weights: {
      ...weights,
      lora: [
        ...(weights.lora ?? []),
        { rank, alpha, targets: listOf(targets), ...(stabilized && { stabilized }), ...(dora && { dora }) },
      ],
      frozen: [...(weights.frozen ?? []), ...(others ? [] : ["*"])],
    },
  }),
});
