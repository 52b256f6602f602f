import * as z from "zod";
import { listOf } from "#models/patterns";
import { optimizerKinds } from "#models/train/optimizers";
import { scheduleKinds } from "#models/train/schedules";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import { storedFolder } from "../core/stored-file";
import { drawnRate, stageRow, stagesOf, wrongStages } from "../core/training-stages";

/** A checkpoint as one file, or as several. */
const startFile = storedFolder("checkpoint.safetensors");

function filesOf({ ref, name, files }: z.output<typeof startFile>): { ref: string; path: string }[] {
  return files?.length ? files : [{ ref, path: name }];
}

export const trainer = defineNode({
  type: "train.trainer",
  title: "Trainer",
  description: "Trains everything upstream of its losses, and gives the trained weights.",
  synonyms: ["fit", "optimizer", "AdamW", "training loop", "fine-tune", "learning rate", "scheduler", "backward"],
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
- stages follow one another, each with its steps or epochs, batch, learning rate, what trains, and on which data;
  without a table there is one stage of everything
- an epoch is as many steps as the data has batches; a warmup below 1 is a share of the steps (transformers'
  \`warmup_ratio\`)
- replay: a stage mixes rows of several sources in shares (\`data\`, by the names wired to \`source\`: LLaVA-OneVision's
  last stage is \`multi=560, video=350, single=800\`), or takes turns between losses that have data of their own. A
  source with fewer rows than its share comes again, one with more goes on in the next epoch
- *Encode at a time* takes a contrastive loss over the whole batch in the memory of a chunk (Gao et al. 2021);
  *Accumulate* averages the gradients of several batches
- \`metric\`: numbers measured at intervals on held-out data, by nodes that read the weights handle that trains; the
  first one decides on the best weights and on an early end
- *Goes on from*: a training that ended, or was stopped, is continued from any checkpoint that it kept, with other
  parameters too. Where the trained parameters are the same everything goes on as it was: optimizer, averages and the
  position in the data, so that a longer training has the numbers that it would have had. Where they are not, those
  that fit are what a new training starts from
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
    source: port.text({ shape: ["N"], optional: true, doc: "Where each row is from: what stages choose data by." }),
  },
  outputs: {
    weights: port.weights({ doc: "All parameters of the trained nodes." }),
    average: port.weights({ doc: "Their moving average, or the teacher's weights; without either, the weights." }),
    curve: port.series({ doc: "Loss, learning rate, gradient norm and metrics by step." }),
    waited: port.number({ unit: "of the time", doc: "Share of the time that steps waited for data." }),
    memory: port.number({ unit: "GiB", doc: "The most memory that the process held meanwhile, with all that it is." }),
  },
  params: {
    steps: z.int().min(1).max(10_000_000).default(1000),
    epochs: z.number().min(0).max(10_000).default(0).meta({
      description: "In place of steps: how many times through the data; 0: by steps.",
    }),
    batch: z.int().min(1).max(65_536).default(64).meta({ label: "Batch size", unit: "rows" }),
    lr: z.number().min(0).max(10).default(5e-4).meta({ label: "Learning rate", scale: "log" }),
    optimizer: z.enum(optimizerKinds).default("adamw"),
    schedule: z.enum(scheduleKinds).default("cosine"),
    warmup: z
      .number()
      .min(0)
      .max(1_000_000)
      .default(100)
      .meta({ unit: "steps", description: "Below 1 a share of all steps, such as 0.03." }),
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
    epsilon: z.number().min(1e-12).max(1).default(1e-6).meta({ label: "ε", advanced: true, scale: "log" }),
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
    hoist: z
      .enum(["off", "float32", "float16"])
      .default("float32")
      .meta({
        label: "Keep frozen results",
        advanced: true,
        description: `How what a frozen part gives for each row is kept, so that it runs once; off runs it in every step, \
and so does a training that draws fewer than half of the rows.`,
      }),
    checkpoint: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(100)
      .meta({ label: "Checkpoint every", unit: "steps", advanced: true }),
    keep: z.int().min(1).max(100).default(2).meta({ label: "Checkpoints kept", advanced: true }),
    seed: z.int().min(0).default(0).meta({ widget: "seed" }),
    start: startFile.optional().meta({
      label: "Goes on from",
      widget: "upload",
      advanced: true,
      description: "A checkpoint of another training, as *Continue* on a run sets it; empty: from the beginning.",
    }),
  },
  check: wrongStages,
  preview: (params) => drawnRate(stagesOf(params)),
  allRows: "Whose names are equal must be known before batches are drawn.",
  async run({ host, inputs, params }) {
    return host.train({
      losses: inputs.loss,
      metrics: inputs.metric,
      distinct: inputs.distinct,
      bucket: inputs.bucket,
      source: inputs.source,
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
      start: params.start && filesOf(params.start),
    });
  },
});
