import { type IndexBound, indexBounds } from "#models/onnx/index-bounds";
import { matches } from "#models/patterns";
import { batchSymbol } from "#models/train/program";
import { turns } from "#models/train/turns";
import type { Stage, TrainResult } from "#nodes/core/host";
import type { Weights } from "#nodes/core/values";
import type { Endpoint } from "#nodes/graph/document";
import { coneOf } from "#nodes/graph/plan";
import { Cancelled, Failure } from "../../errors";
import { bytesText } from "../../runtime-failures";
import { Checkpoints } from "../checkpoints";
import { checkIndices } from "../index-check";
import { closeIdleFiles } from "../onnx-file/run-onnx-file";
import { handlesOf, parameterValues } from "../parameters";
import { meaninglessParts } from "../meaningless-parts";
import { openBatches } from "./batches";
import { Curve } from "./curve";
import { type DrawnRows, openDrawnRows } from "./drawn-rows";
import { refuseNonFinite } from "./finite";
import { frozenBytes, frozenLimit } from "./frozen-rows";
import { goOn, keepCheckpoints, stoppedAtCheckpoint } from "./going-on";
import { numberedNames } from "./held-rows";
import { Memory } from "./memory";
import { PeakMemory } from "./peak-memory";
import {
  buildStage,
  type BuiltStage,
  coneOfStage,
  itemsPerRow,
  lowerStage,
  type SharedByBranches,
  type StageSpec,
  studentOf,
  typesOf,
} from "./stage";
import { type PreparedBranch, type PreparedStage, type Training, type TrainingState, WaitingTime } from "./state";
import { tellMetrics } from "./told";
import { trainStage } from "./train-stage";

/** A thread takes a second to start: a training that draws fewer batches of small rows is over by then. */
const fewBatches = 50;

/**
 * Trains what lies upstream of the losses, stage by stage. Goes on from the last checkpoint in `scratch`, with the
 * numbers an unbroken run would have had.
 */
export async function train(training: Training): Promise<TrainResult> {
  // Models that ran before it, such as a tower that is no part of it, leave it their memory.
  await training.sessions.closeIdle();
  await closeIdleFiles();
  const source = await openSource(training);
  try {
    return await trainOn(source, training);
  } finally {
    source.close();
  }
}

/** What lies before the losses of all stages, and before the metrics. */
async function openSource(training: Training): Promise<DrawnRows> {
  const { request, node, graph } = training;
  const cones = request.stages.flatMap((stage) =>
    stage.branches.map(({ losses }) => coneOfStage({ graph, node, request, stage, losses })),
  );
  cones.push(coneOf(graph, request.metrics));
  return openDrawnRows(training, cones, training, training.heldBytes);
}

async function trainOn(source: DrawnRows, training: Training): Promise<TrainResult> {
  const { request, scratch, blobs } = training;
  const { stages, keep, give, average, distinct, bucket } = request;
  const state: TrainingState = {
    training,
    steps: 0,
    curve: new Curve(),
    checkpoints: new Checkpoints(scratch, keep),
    memory: new Memory(),
    waiting: new WaitingTime(),
    peak: new PeakMemory(),
    source,
    distinct: distinct && numberedNames(distinct),
    bucket: bucket && numberedNames(bucket),
    origins: request.source,
  };
  // All stages are built before the first one runs, so that what is wrong with the last is said at once.
  const prepared: PreparedStage[] = [];
  for (const [index, stage] of stages.entries()) prepared.push(await prepareStage(state, stage, index));
  state.steps = prepared.reduce((sum, { stage }) => sum + stage.steps, 0);
  tellEpochs(state, prepared);
  warnOfIdlePatterns(state, prepared);
  const drawings = prepared.reduce((sum, { stage }) => sum + stage.steps * stage.accumulate, 0);
  if (drawings >= fewBatches || !source.holdsAll) startThreads(state, prepared);
  const resumed = (await resume(state)) ?? (state.curve.steps ? undefined : await goOn(state));
  await trainStages(state, prepared, resumed);
  const { checkpoint } = give === "best" ? await state.checkpoints.load({ best: true }) : {};
  if (checkpoint) state.memory.restore(checkpoint);
  return {
    ...(await state.memory.give(blobs, average > 0)),
    curve: state.curve.series(),
    waited: state.waiting.share,
    memory: state.peak.bytes / 2 ** 30,
  };
}

/** Trains what is left of the stages. Whatever ends that, the checkpoints are kept. */
async function trainStages(
  state: TrainingState,
  prepared: readonly PreparedStage[],
  resumed: ReadonlyMap<string, Float32Array> | undefined,
): Promise<void> {
  let before = 0;
  try {
    for (const stage of prepared) {
      const after = before + stage.stage.steps;
      if (state.curve.steps < after && !(await trainStage(state, stage, before, resumed))) break;
      before = after;
    }
  } catch (error) {
    if (!(error instanceof Cancelled)) throw error;
    state.training.onEvent({ kind: "stopping", node: state.training.node });
    throw (await stoppedAtCheckpoint(state)) ?? error;
  } finally {
    // Where that fails, as on a full disk, the training has ended all the same; it is then not gone on from.
    await keepCheckpoints(state).catch(() => {});
  }
}

/**
 * Has threads started that draw rows: where a frozen part goes over the data, at once. Else after the first step, whose
 * cores they would take while they start.
 */
function startThreads(state: TrainingState, prepared: readonly PreparedStage[]): void {
  const start = () => state.source.startThreads(state.training.dataThreads);
  const hasFrozen = prepared.some(({ branches }) => branches.some(({ built }) => built.halves));
  if (hasFrozen) start();
  else state.afterFirstStep = start;
}

/** Opens the data of a stage, counts its steps, and builds each of its branches. */
async function prepareStage(state: TrainingState, asked: Stage, index: number): Promise<PreparedStage> {
  const shared: SharedByBranches = { claimed: new Map(), learning: new Set() };
  const opened: OpenBranch[] = [];
  for (const [branch, { losses }] of asked.branches.entries()) {
    const lead = branch > 0 ? [index, branch] : [index].filter(Boolean);
    opened.push(await openBranch(state, asked, losses, shared, lead));
  }
  const batches = opened.reduce((sum, branch) => sum + branch.batches.epoch, 0);
  const inEpochs = Math.max(1, Math.round((asked.epochs * batches) / asked.accumulate));
  const stage = { ...asked, steps: asked.epochs > 0 ? inEpochs : asked.steps };
  // What any branch trains is frozen in none of them.
  if (opened.length > 1) for (const { spec, cone, types } of opened) lowerStage(spec, cone, types);
  const branches: PreparedBranch[] = [];
  for (const branch of opened)
    branches.push(await prepareBranch(state, { ...branch, spec: { ...branch.spec, stage } }));
  const shares = stage.branches.map(({ share }) => share);
  return { stage, branches, turns: turns(shares, stage.steps, [state.training.request.seed, index].join()) };
}

type OpenBranch = Pick<PreparedBranch, "spec" | "cone" | "batches" | "types">;

/** Opens the data before some losses, and draws its first batch. */
async function openBranch(
  state: TrainingState,
  stage: Stage,
  losses: readonly string[],
  shared: SharedByBranches,
  lead: readonly number[],
): Promise<OpenBranch> {
  const { training } = state;
  const { request, node, graph, types: wires, valueOf } = training;
  const cone = coneOfStage({ graph, node, request, stage, losses });
  const handles = await handlesOf(graph, cone.tensors, async (from) => (await valueOf(from)) as Weights);
  const batches = openBatches({ ...state, graph, node, cone, stage, seed: request.seed, lead });
  const types = typesOf((await batches.batch(1)).values);
  return { spec: { graph, node, request, stage, losses, handles, wires, shared }, cone, batches, types };
}

/** Lowers a branch for the shapes of its first batch, and notes the parameters that it brings. */
async function prepareBranch(state: TrainingState, branch: OpenBranch): Promise<PreparedBranch> {
  const { training, memory, source } = state;
  const { graph, valueOf, blobs, request } = training;
  const { cone, batches, types } = branch;
  const { handles, stage } = branch.spec;
  const weightsOf = async (from: Endpoint) => (await valueOf(from)) as Weights;
  const { spec, built } = await buildWhereWorth(training, branch, (each) => buildStage(each, cone, batches, types));
  const [dead] = meaninglessParts(built.lowered.graph, { [batchSymbol]: stage.batchSize }, graph);
  if (dead) throw new Failure(dead);
  const bounds = indexBounds(built.lowered.graph);
  const isHeld = ({ input }: IndexBound) => source.tensor(input) !== undefined;
  checkIndices(bounds.filter(isHeld), (input) => source.tensor(input), graph);
  // A teacher starts as its student is.
  const current = ({ id }: { id: string }) => memory.numbersOf(id) ?? memory.numbersOf(studentOf(id));
  const values = await parameterValues(built.lowered, weightsOf, blobs, { seed: request.seed, current });
  refuseNonFinite(built.lowered, values);
  memory.note(built.lowered, values, handles);
  return { ...branch, spec, built, drawnBounds: bounds.filter((bound) => !isHeld(bound)) };
}

/**
 * Builds a branch; with its frozen part in the step where few of the rows are drawn at all, or where what it gives
 * would take too much of the disk.
 */
async function buildWhereWorth(
  { node, cacheDir, onEvent }: Training,
  { spec, batches: { rows }, types }: OpenBranch,
  build: (spec: StageSpec) => BuiltStage,
): Promise<{ spec: StageSpec; built: BuiltStage }> {
  const whole: StageSpec = { ...spec, request: { ...spec.request, hoist: "off" } };
  if (drawnRows(spec.stage) < worthShare * rows) return { spec: whole, built: build(whole) };
  const built = build(spec);
  const itemsOf = (size: string) => itemsPerRow(built, types, size);
  const bytes = built.halves ? frozenBytes(built.halves, rows, itemsOf) : 0;
  const limit = built.halves ? await frozenLimit(cacheDir) : 0;
  if (bytes <= limit) return { spec, built };
  const message =
    `What the frozen part gives for ${rows.toLocaleString("en")} rows takes ${bytesText(bytes)}, and ` +
    `${bytesText(limit)} may be kept: it is computed in every step. Give it more with PATCHBAY_DISK.`;
  onEvent({ kind: "warning", node, message });
  return { spec: whole, built: build(whole) };
}

/** The frozen part goes over all rows first where at least this part of them is drawn. */
const worthShare = 1 / 2;

const drawnRows = ({ steps, accumulate, batchSize }: Stage): number => steps * accumulate * batchSize;

/** Tells how many steps go through the data once, stage by stage. */
function tellEpochs({ training: { node, onEvent } }: TrainingState, prepared: readonly PreparedStage[]): void {
  let after = 0;
  for (const { stage, branches } of prepared) {
    const batches = branches.reduce((sum, branch) => sum + branch.batches.epoch, 0);
    onEvent({ kind: "epochs", node, after, steps: batches / stage.accumulate });
    after += stage.steps;
  }
}

/** A pattern that fits no parameter is a slip more often than not. */
function warnOfIdlePatterns({ training, memory }: TrainingState, prepared: readonly PreparedStage[]): void {
  const names = memory.names();
  const handles = prepared.flatMap(({ branches }) => branches.flatMap(({ spec }) => [...spec.handles.values()]));
  const patterns = {
    "what a stage trains": prepared.flatMap(({ stage }) => stage.trains.map(({ pattern }) => pattern)),
    "what is frozen": handles.flatMap(({ frozen }) => frozen ?? []),
    "LoRA's targets": handles.flatMap(
      ({ lora }) => lora?.flatMap(({ targets, isLoaded }) => (isLoaded ? [] : targets)) ?? [],
    ),
  };
  const known = `${names.slice(0, 4).join(", ")}${names.length > 4 ? ` and ${names.length - 4} more` : ""}`;
  for (const [place, list] of Object.entries(patterns)) {
    for (const pattern of new Set(list)) {
      if (names.some((name) => matches(name, [pattern]))) continue;
      const message = `The pattern “${pattern}” in ${place} fits no parameter. There are ${known}.`;
      training.onEvent({ kind: "warning", node: training.node, message });
    }
  }
}

/** Puts everything back as the last checkpoint has it, and gives what else went round then. */
async function resume(state: TrainingState): Promise<ReadonlyMap<string, Float32Array> | undefined> {
  const { training, checkpoints, memory, curve } = state;
  const { node, onEvent } = training;
  const { checkpoint, damage } = await checkpoints.load();
  if (!checkpoint && !damage.length) return undefined;
  const isForeign = checkpoint !== undefined && memory.isForeign(checkpoint);
  if (!checkpoint || isForeign) {
    const reason = isForeign ? "it belongs to another model" : damage.join(", and ");
    onEvent({
      kind: "warning",
      node,
      message: `The training's last checkpoint is not used, since ${reason}; the training starts anew.`,
      passing: true,
    });
    onEvent({ kind: "resumed", node, step: 0 });
    return undefined;
  }
  if (damage.length)
    onEvent({
      kind: "warning",
      node,
      message: `The training goes on from the checkpoint of step ${checkpoint.step}, since ${damage.join(", and ")}.`,
      passing: true,
    });
  memory.restore(checkpoint);
  curve.restore(checkpoint.history, checkpoint.step);
  onEvent({ kind: "resumed", node, step: checkpoint.step });
  // Points that were told just before the kill may never have been written down: the checkpoint has them all.
  for (let step = 1; step <= checkpoint.step; step++) tellMetrics(state, step);
  return checkpoint.tensors;
}
