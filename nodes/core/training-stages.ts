/** The trainer's table of stages: its columns, what a row leaves to the trainer, and what is wrong with a row. */
import * as z from "zod";
import { listOf } from "#models/patterns";
import { type Schedule, scheduleAt, scheduleKinds } from "#models/train/schedules";
import type { Stage } from "./host";
import type { Series } from "./values";

/** A row of the table of stages. */
export const stageRow = z.object({
  name: z.string().max(100).default(""),
  steps: z.int().min(1).max(10_000_000).default(1000),
  epochs: z.number().min(0).max(10_000).default(0).meta({ description: "In place of steps: times through the data." }),
  trains: z
    .string()
    .max(10_000)
    .default("*")
    .meta({
      description: `Patterns of parameter names, separated by commas; pattern=0.2 trains at a fifth of the learning \
rate, pattern=0.75^layer each layer at three quarters of the rate of the one above it, pattern decay 0.05 with that \
weight decay, pattern decay with the trainer's, be it a bias or a gain. The first that fits counts.`,
    }),
  batch: z.int().min(0).max(65_536).default(0).meta({ unit: "rows", description: "0: the trainer's." }),
  accumulate: z.int().min(0).max(4096).default(0).meta({ unit: "batches", description: "0: the trainer's." }),
  lr: z.number().min(0).max(10).default(0).meta({ label: "Learning rate", description: "0: the trainer's." }),
  schedule: z.enum(["same", ...scheduleKinds]).default("same"),
  warmup: z
    .number()
    .min(-1)
    .max(1_000_000)
    .default(-1)
    .meta({ unit: "steps", description: "Below 1 a share of the stage's, such as 0.03; −1: the trainer's." }),
  data: z
    .string()
    .max(10_000)
    .default("")
    .meta({
      description: `Names of the sources whose rows take part, or patterns of them; new=0.8, old=0.2 draws them in \
these shares. Empty: all rows.`,
    }),
  losses: z
    .string()
    .max(1000)
    .default("")
    .meta({
      description: `Nodes whose losses count, and with them their data; empty: all. They add up in each step; with \
chat=3, captions=1 each step takes one of them, in these shares.`,
    }),
});

/** What stages are made of: the table, and what a row of it leaves to the trainer. */
interface StageParams {
  steps: number;
  epochs: number;
  batch: number;
  accumulate: number;
  lr: number;
  schedule: Schedule["kind"];
  warmup: number;
  floor: number;
  weightDecay: number;
  stages: z.output<typeof stageRow>[];
}

/** The stages of the table, with what they leave to the trainer filled in; without a table, one of everything. */
export function stagesOf(params: StageParams): Stage[] {
  const { steps, epochs, batch, accumulate, lr, warmup, floor, stages } = params;
  if (!stages.length) {
    const schedule = { kind: params.schedule, warmup, floor };
    const trains = [{ pattern: "*", rate: 1 }];
    const branches = [{ losses: [], share: 1 }];
    return [{ name: "", steps, epochs, batchSize: batch, accumulate, lr, schedule, trains, branches, data: [] }];
  }
  return stages.map((row, i) => ({
    name: nameOf(row, i),
    steps: row.steps,
    epochs: row.epochs,
    batchSize: row.batch || batch,
    accumulate: row.accumulate || accumulate,
    lr: row.lr || lr,
    schedule: {
      kind: row.schedule === "same" ? params.schedule : row.schedule,
      warmup: row.warmup < 0 ? warmup : row.warmup,
      floor,
    },
    trains: listOf(row.trains).map((text) => patternWithRate(text, params.weightDecay)),
    branches: branchesOf(row.losses),
    data: listOf(row.data).map(patternWithShare),
  }));
}

const nameOf = ({ name }: { name: string }, place: number): string => name || `stage ${place + 1}`;

const ruleOfPattern =
  /^(?<pattern>.*?)\s*(?:=\s*(?<rate>[\d.]+)(?<byLayer>\^layer)?)?(?<decays>\s+decay(?:\s+(?<decay>[\d.]+))?)?$/;

/** "pattern=rate^layer decay decay", of which only the pattern must be there; "decay" alone is the trainer's. */
function patternWithRate(text: string, weightDecay: number): Stage["trains"][number] {
  const { pattern = text, rate = "1", byLayer, decays, decay = weightDecay } = ruleOfPattern.exec(text)?.groups ?? {};
  const rates = byLayer ? { rate: 1, layerDecay: Number(rate) } : { rate: Number(rate) };
  return { pattern, ...rates, ...(decays !== undefined && { decay: Number(decay) }) };
}

/** "pattern=share", of which only the pattern must be there. */
function patternWithShare(text: string): Stage["data"][number] {
  const [, pattern = text, share] = /^(.*?)\s*(?:=\s*([\d.]+))?$/.exec(text) ?? [];
  return { pattern, ...(share !== undefined && { share: Number(share) }) };
}

/** Losses without shares add up; with shares each step takes one of them. */
function branchesOf(text: string): Stage["branches"] {
  const losses = listOf(text).map(patternWithShare);
  if (losses.every(({ share }) => share === undefined))
    return [{ losses: losses.map(({ pattern }) => pattern), share: 1 }];
  return losses.map(({ pattern, share = 0 }) => ({ losses: [pattern], share }));
}

interface Wrong {
  param: string;
  message: string;
  hint: string;
}

/** What is wrong with the trainer's parameters together. */
export function wrongStages(params: StageParams & { chunk: number }): Wrong | undefined {
  const { warmup, steps, epochs, stages, chunk } = params;
  if (!stages.length && !epochs && warmup > steps)
    return {
      param: "warmup",
      message: `A warmup of ${warmup} steps is longer than the run of ${steps}.`,
      hint: "Make the warmup shorter.",
    };
  const long = stages.find((row) => !row.epochs && (row.warmup < 0 ? warmup : row.warmup) > row.steps);
  if (long)
    return {
      param: "stages",
      message: `The warmup of the stage “${long.name}” is longer than its ${long.steps} steps.`,
      hint: "Set a warmup for the stage.",
    };
  const uneven = stagesOf(params).find(({ batchSize }) => chunk > 0 && batchSize % chunk);
  if (uneven)
    return {
      param: "chunk",
      message: `A batch of ${uneven.batchSize} rows cannot be cut into chunks of ${chunk}.`,
      hint: "Choose a number that divides the batch size.",
    };
  return wrongShares(stages);
}

/** Shares are given to all or to none, and not all of them are 0. */
function wrongShares(stages: StageParams["stages"]): Wrong | undefined {
  for (const [i, row] of stages.entries()) {
    for (const column of ["data", "losses"] as const) {
      const list = listOf(row[column]).map(patternWithShare);
      const shares = list.flatMap(({ share }) => share ?? []);
      const message = `The stage “${nameOf(row, i)}” gives shares to some of its ${column} and not to others.`;
      if (shares.length && shares.length < list.length)
        return { param: "stages", message, hint: "Give each a share, such as new=0.8, old=0.2, or none of them." };
      if (shares.some((share) => !(share > 0)))
        return {
          param: "stages",
          message: `A share of the ${column} of the stage “${nameOf(row, i)}” is not above 0.`,
          hint: "Leave out what is to take no part.",
        };
    }
  }
  return undefined;
}

/** How many steps a stage by epochs is drawn with, of which only the data tells how many it has. */
const nominalSteps = 1000;

/** The learning rate at each step; where a stage goes by epochs, along the stages. */
export function drawnRate(stages: readonly Stage[]): Series {
  const isByEpochs = stages.some(({ epochs }) => epochs > 0);
  const drawn = isByEpochs ? stages.map((stage) => ({ ...stage, steps: stepsToDraw(stage) })) : stages;
  const total = drawn.reduce((sum, { steps }) => sum + steps, 0);
  const points = Math.min(200, total);
  const at = Array.from({ length: points }, (_, i) => Math.round(1 + (i * (total - 1)) / Math.max(1, points - 1)));
  return {
    x: isByEpochs
      ? { label: "share of the training", values: at.map((step) => step / total) }
      : { label: "step", values: at },
    lines: [{ name: "learning rate", values: at.map((step) => rateAt(drawn, step)) }],
  };
}

const stepsToDraw = ({ steps, epochs }: Stage): number => (epochs > 0 ? nominalSteps : steps);

/** The learning rate at a step counted through all stages. */
function rateAt(stages: readonly Stage[], step: number): number {
  const [stage, ...later] = stages;
  if (!stage) return 0;
  return step <= stage.steps
    ? stage.lr * scheduleAt(stage.schedule, step, stage.steps)
    : rateAt(later, step - stage.steps);
}
