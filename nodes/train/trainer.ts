import * as z from "zod";
import { listOf } from "#models/patterns";
import { optimizerKinds } from "#models/train/optimizers";
import { type Schedule, scheduleAt, scheduleKinds } from "#models/train/schedules";
import type { Stage } from "../core/host";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

/** A row of the table of stages. */
const stageRow = z.object({
  name: z.string().max(100).default(""),
  steps: z.int().min(1).max(10_000_000).default(1000),
  trains: z
    .string()
    .max(10_000)
    .default("*")
    .meta({
      description: `Patterns of parameter names, separated by commas; pattern=0.2 trains at a fifth of the learning \
rate, pattern decay 0.05 with that weight decay. The first that fits counts.`,
    }),
  lr: z.number().min(0).max(10).default(0).meta({ label: "Learning rate", description: "0: the trainer's." }),
  schedule: z.enum(["same", ...scheduleKinds]).default("same"),
  warmup: z.int().min(-1).max(1_000_000).default(-1).meta({ unit: "steps", description: "−1: the trainer's." }),
  losses: z
    .string()
    .max(1000)
    .default("")
    .meta({ description: "Nodes whose losses count, and with them their data; empty: all." }),
});

export const trainer = defineNode({
  type: "train.trainer",
  title: "Trainer",
  description: "Trains everything upstream of its losses, and gives the trained weights.",
  docs: `What lies upstream of \`loss\` is not run but compiled to one training step: forward, backward and update in
one ONNX model. Several losses add up. Deterministic host nodes that work row by row (decode, resize, tokenize)
run when a row is drawn, so that the data need not fit into memory; those that need all rows run once before; random
ones (augment) run anew for each batch. A frozen, deterministic part behind the data runs once for each row and is
kept.

- AdamW with decoupled decay (Loshchilov & Hutter 2019), Adam, SGD with momentum, Lion, LAMB, LARS or Adafactor; no
  decay on gains, biases and other 1-D parameters (open_clip)
- linear warmup, then the schedule; the gradient's global norm is clipped
- rows are drawn without repetition, epoch by epoch; the last, incomplete batch of an epoch is dropped
- \`distinct\`: rows of one name never meet in a batch, so that two drawings of one thing are no false negatives;
  \`bucket\`: only rows of one name meet, such as pictures of one size
- stages follow one another, each with steps, learning rate, what trains and which losses count; without a table
  there is one stage of everything
- *Encode at a time* takes a contrastive loss over the whole batch in the memory of a chunk (Gao et al. 2021);
  *Accumulate* averages the gradients of several batches
- \`metric\`: numbers measured at intervals on held-out data, by nodes that read the weights handle that trains; the
  first one decides on the best weights and on an early end
- checkpoints hold parameters, optimizer state, averages and the position in the data: a killed run goes on with the
  same numbers`,
  version: 1,
  inputs: {
    loss: port.tensor({
      dtype: "float32",
      shape: [],
      deferred: "gradient",
      many: true,
      doc: "One or more scalar losses.",
    }),
    metric: port.number({
      deferred: "value",
      many: true,
      optional: true,
      doc: "Measured at intervals, with the weights as they are then.",
    }),
    distinct: port.text({ shape: ["N"], optional: true, doc: "One name per row; equal names never meet in a batch." }),
    bucket: port.text({ shape: ["N"], optional: true, doc: "One name per row; only equal names meet in a batch." }),
  },
  outputs: {
    weights: port.weights({ doc: "All parameters of the trained nodes." }),
    average: port.weights({ doc: "Their moving average, or the teacher's weights; without either, the weights." }),
    curve: port.series({ doc: "Loss, learning rate, gradient norm and metrics by step." }),
    waited: port.number({ unit: "of the time", doc: "Share of the time that steps waited for data." }),
  },
  params: {
    steps: z.int().min(1).max(10_000_000).default(1000),
    batch: z.int().min(1).max(65_536).default(64).meta({ label: "Batch size", unit: "rows" }),
    lr: z.number().min(0).max(10).default(5e-4).meta({ label: "Learning rate", scale: "log" }),
    optimizer: z.enum(optimizerKinds).default("adamw"),
    schedule: z.enum(scheduleKinds).default("cosine"),
    warmup: z.int().min(0).max(1_000_000).default(100).meta({ unit: "steps" }),
    weightDecay: z.number().min(0).max(10).default(0.2).meta({ label: "Weight decay" }),
    stages: z.array(stageRow).max(50).default([]).meta({ label: "Stages", description: "Replaces the steps above." }),
    evaluate: z.int().min(1).max(1_000_000).default(100).meta({ label: "Measure every", unit: "steps" }),
    better: z.enum(["higher", "lower"]).default("higher").meta({ label: "A better metric is", advanced: true }),
    give: z.enum(["last", "best"]).default("last").meta({
      label: "Weights given",
      advanced: true,
      description: "Those of the last step, or those with the best first metric.",
    }),
    patience: z.int().min(0).max(10_000).default(0).meta({
      label: "Patience",
      unit: "measurements",
      advanced: true,
      description: "Ends after so many measurements without a better one; 0 never.",
    }),
    floor: z
      .number()
      .min(0)
      .max(1)
      .default(0)
      .meta({ advanced: true, description: "What is left of the learning rate at the end, as a share." }),
    beta1: z.number().min(0).max(0.9999).default(0.9).meta({ label: "β₁", advanced: true }),
    beta2: z.number().min(0).max(0.99999).default(0.98).meta({ label: "β₂", advanced: true }),
    epsilon: z.number().min(1e-12).max(1e-2).default(1e-6).meta({ label: "ε", advanced: true, scale: "log" }),
    momentum: z.number().min(0).max(0.9999).default(0.9).meta({ advanced: true, description: "Of SGD and LARS." }),
    nesterov: z.boolean().default(false).meta({ advanced: true }),
    clipNorm: z
      .number()
      .min(0)
      .max(1000)
      .default(1)
      .meta({ label: "Clip gradient norm", advanced: true, description: "0 does not clip." }),
    average: z.number().min(0).max(0.999999).default(0).meta({
      widget: "number",
      label: "Average decay",
      advanced: true,
      description: "Decay of a moving average of the weights; 0 keeps none.",
    }),
    accumulate: z.int().min(1).max(4096).default(1).meta({
      unit: "batches",
      advanced: true,
      description: "Gradients of so many batches are averaged before each update.",
    }),
    chunk: z.int().min(0).max(65_536).default(0).meta({
      label: "Encode at a time",
      unit: "rows",
      advanced: true,
      description: "0 encodes the batch at once; less bounds memory, and gives the same gradients.",
    }),
    precision: z
      .enum(["float32", "float16"])
      .default("float32")
      .meta({ advanced: true, description: "float16 computes products in half precision, on GPUs that have it." }),
    recompute: z
      .string()
      .max(1000)
      .default("")
      .meta({
        label: "Compute again",
        advanced: true,
        description: `Nodes whose results are computed again in the backward pass instead of kept, separated by \
commas, or *: a fraction of the memory, up to a third more time.`,
      }),
    hoist: z.enum(["off", "float32", "float16"]).default("float32").meta({
      label: "Keep frozen results",
      advanced: true,
      description:
        "How what a frozen part gives for each row is kept, so that it runs once; off runs it in every step.",
    }),
    checkpoint: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(100)
      .meta({ label: "Checkpoint every", unit: "steps", advanced: true }),
    keep: z.int().min(1).max(100).default(2).meta({ label: "Checkpoints kept", advanced: true }),
    seed: z.int().min(0).default(0).meta({ widget: "seed" }),
  },
  check({ warmup, steps, stages, batch, chunk }) {
    if (!stages.length && warmup > steps)
      return {
        param: "warmup",
        message: `A warmup of ${warmup} steps is longer than the run of ${steps}.`,
        hint: "Make the warmup shorter.",
      };
    const long = stages.find((row) => (row.warmup < 0 ? warmup : row.warmup) > row.steps);
    if (long)
      return {
        param: "stages",
        message: `The warmup of the stage “${long.name}” is longer than its ${long.steps} steps.`,
        hint: "Set a warmup for the stage.",
      };
    if (chunk > 0 && batch % chunk)
      return {
        param: "chunk",
        message: `A batch of ${batch} rows cannot be cut into chunks of ${chunk}.`,
        hint: "Choose a number that divides the batch size.",
      };
    return undefined;
  },
  preview(params) {
    const stages = stagesOf(params);
    const total = stages.reduce((sum, { steps }) => sum + steps, 0);
    const points = Math.min(200, total);
    const steps = Array.from({ length: points }, (_, i) => Math.round(1 + (i * (total - 1)) / Math.max(1, points - 1)));
    return {
      x: { label: "step", values: steps },
      lines: [{ name: "learning rate", values: steps.map((step) => rateAt(stages, step)) }],
    };
  },
  allRows: "Whose names are equal must be known before batches are drawn.",
  async run({ host, inputs, params }) {
    return host.train({
      losses: inputs.loss,
      metrics: inputs.metric,
      distinct: inputs.distinct,
      bucket: inputs.bucket,
      stages: stagesOf(params),
      optimizer: {
        kind: params.optimizer,
        beta1: params.beta1,
        beta2: params.beta2,
        eps: params.epsilon,
        weightDecay: params.weightDecay,
        momentum: params.momentum,
        nesterov: params.nesterov,
        trust: 0.001,
      },
      batchSize: params.batch,
      accumulate: params.accumulate,
      chunk: params.chunk,
      precision: params.precision,
      recompute: listOf(params.recompute),
      average: params.average,
      hoist: params.hoist,
      clipNorm: params.clipNorm,
      seed: params.seed,
      checkpointEvery: params.checkpoint,
      keep: params.keep,
      evaluateEvery: params.evaluate,
      better: params.better,
      patience: params.patience,
      give: params.give,
    });
  },
});

/** What stages are made of: the table, and what a row of it leaves to the trainer. */
interface StageParams {
  steps: number;
  lr: number;
  schedule: Schedule["kind"];
  warmup: number;
  floor: number;
  stages: z.output<typeof stageRow>[];
}

/** The stages of the table, with what they leave to the trainer filled in; without a table, one of everything. */
function stagesOf(params: StageParams): Stage[] {
  const { steps, lr, warmup, floor, stages } = params;
  if (!stages.length) {
    const schedule = { kind: params.schedule, warmup, floor };
    return [{ name: "", steps, lr, schedule, trains: [{ pattern: "*", rate: 1 }], losses: [] }];
  }
  return stages.map((row, i) => ({
    name: row.name || `stage ${i + 1}`,
    steps: row.steps,
    lr: row.lr || lr,
    losses: listOf(row.losses),
    schedule: {
      kind: row.schedule === "same" ? params.schedule : row.schedule,
      warmup: row.warmup < 0 ? warmup : row.warmup,
      floor,
    },
    trains: listOf(row.trains).map(patternWithRate),
  }));
}

/** The learning rate at a step counted through all stages. */
function rateAt(stages: readonly Stage[], step: number): number {
  const [stage, ...later] = stages;
  if (!stage) return 0;
  return step <= stage.steps
    ? stage.lr * scheduleAt(stage.schedule, step, stage.steps)
    : rateAt(later, step - stage.steps);
}

/** "pattern=rate decay decay", of which only the pattern must be there. */
function patternWithRate(text: string): Stage["trains"][number] {
  const [, pattern = text, rate = "1", decay] = /^(.*?)\s*(?:=\s*([\d.]+))?(?:\s+decay\s+([\d.]+))?$/.exec(text) ?? [];
  return { pattern, rate: Number(rate), ...(decay !== undefined && { decay: Number(decay) }) };
}
