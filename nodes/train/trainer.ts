import * as z from "zod";
import { optimizerKinds } from "#models/train/optimizers";
import { type Schedule, scheduleAt, scheduleKinds } from "#models/train/schedules";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const trainer = defineNode({
  type: "train.trainer",
  title: "Trainer",
  description: "Trains everything upstream of its losses, and gives the trained weights.",
  docs: `What lies upstream of \`loss\` is not run but compiled to one training step: forward, backward and update in one ONNX model. Several losses add up.
Deterministic host nodes (decode, tokenize) run once for all rows; random ones (augment) run anew for each batch.

- AdamW with decoupled decay (Loshchilov & Hutter 2019), Adam, SGD with momentum, Lion, LAMB or LARS; no decay on gains, biases and other 1-D parameters (open_clip)
- linear warmup, then cosine, linear or no decay; the gradient's global norm is clipped
- rows are drawn without repetition, epoch by epoch; the last, incomplete batch of an epoch is dropped
- \`distinct\`: rows of one name never meet in a batch, so that two drawings of one thing are no false negatives
- checkpoints every K steps hold parameters, moments and the position in the data: a killed run goes on with the same numbers`,
  version: 1,
  inputs: {
    loss: port.tensor({ dtype: "float32", shape: [], deferred: true, many: true, doc: "One or more scalar losses." }),
    distinct: port.text({ shape: ["N"], optional: true, doc: "One name per row; equal names never meet in a batch." }),
  },
  outputs: { weights: port.weights({ doc: "All parameters of the trained nodes." }), curve: port.series({ doc: "Loss, learning rate and gradient norm by step." }) },
  params: {
    steps: z.int().min(1).max(10_000_000).default(1000),
    batch: z.int().min(1).max(65_536).default(64).meta({ label: "Batch size", unit: "rows" }),
    lr: z.number().min(0).max(10).default(5e-4).meta({ label: "Learning rate", scale: "log" }),
    optimizer: z.enum(optimizerKinds).default("adamw"),
    schedule: z.enum(scheduleKinds).default("cosine"),
    warmup: z.int().min(0).max(1_000_000).default(100).meta({ unit: "steps" }),
    floor: z.number().min(0).max(1).default(0).meta({ advanced: true, description: "What is left of the learning rate at the end, as a share." }),
    weightDecay: z.number().min(0).max(10).default(0.2).meta({ label: "Weight decay" }),
    beta1: z.number().min(0).max(0.9999).default(0.9).meta({ label: "β₁", advanced: true }),
    beta2: z.number().min(0).max(0.99999).default(0.98).meta({ label: "β₂", advanced: true }),
    epsilon: z.number().min(1e-12).max(1e-2).default(1e-6).meta({ label: "ε", advanced: true, scale: "log" }),
    momentum: z.number().min(0).max(0.9999).default(0.9).meta({ advanced: true, description: "Of SGD and LARS." }),
    clipNorm: z.number().min(0).max(1000).default(1).meta({ label: "Clip gradient norm", advanced: true, description: "0 does not clip." }),
    checkpoint: z.int().min(1).max(1_000_000).default(100).meta({ label: "Checkpoint every", unit: "steps", advanced: true }),
    seed: z.int().min(0).default(0).meta({ widget: "seed" }),
  },
  check: ({ warmup, steps }) => (warmup > steps ? { param: "warmup", message: `A warmup of ${warmup} steps is longer than the run of ${steps}.`, hint: "Make the warmup shorter." } : undefined),
  preview(p) {
    const points = Math.min(200, p.steps), steps = Array.from({ length: points }, (_, i) => Math.round(1 + (i * (p.steps - 1)) / Math.max(1, points - 1)));
    return { x: { label: "step", values: steps }, lines: [{ name: "learning rate", values: steps.map((step) => p.lr * scheduleAt(scheduleOf(p), step, p.steps)) }] };
  },
  async run({ host, inputs, params: p }) {
    return host.train({
      losses: inputs.loss,
      distinct: inputs.distinct,
      optimizer: { kind: p.optimizer, beta1: p.beta1, beta2: p.beta2, eps: p.epsilon, weightDecay: p.weightDecay, momentum: p.momentum, nesterov: false, trust: 0.001 },
      lr: p.lr,
      schedule: scheduleOf(p),
      steps: p.steps, batchSize: p.batch, clipNorm: p.clipNorm, seed: p.seed, checkpointEvery: p.checkpoint,
    });
  },
});

const scheduleOf = ({ schedule, warmup, floor }: { schedule: Schedule["kind"]; warmup: number; floor: number }): Schedule => ({ kind: schedule, warmup, floor });
