import type { Program } from "#models/train/program";
import { scheduleAt } from "#models/train/schedules";
import type { Tensor, Weights } from "#nodes/core/values";
import type { Endpoint } from "#nodes/graph/document";
import { coneOf } from "#nodes/graph/plan";
import { endpointKey } from "#nodes/graph/resolve";
import { Cancelled } from "../../errors";
import { checkIndices } from "../index-check";
import { Evaluation } from "./evaluate";
import { Feeder } from "./feeder";
import { type FrozenRows, frozenRows } from "./frozen-rows";
import { bytesOfRows } from "./held-rows";
import { StageNames } from "./memory";
import { explainNonFinite } from "./non-finite";
import { refuseTooLarge } from "./room";
import { buildStage, compileStage, type TensorType, typesOf } from "./stage";
import type { DrawnBatch, PreparedStage, TrainingState } from "./state";
import { NonFinite, Stepper } from "./stepper";
import { tellMetrics } from "./told";

/**
 * Runs a stage from where the curve ends, with what else went round when the training was interrupted. False when the
 * training is to end early.
 */
export async function trainStage(
  state: TrainingState,
  stage: PreparedStage,
  before: number,
  resumed: ReadonlyMap<string, Float32Array> | undefined,
): Promise<boolean> {
  const names = new StageNames(stage.built.lowered.parameters);
  const frozen = await runFrozenPart(state, stage, names);
  const running = new RunningStage(state, stage, before, names, frozen, resumed);
  try {
    return await running.takeSteps();
  } finally {
    await running.close();
  }
}

class RunningStage {
  readonly #feeder: Feeder;
  readonly #stepper: Stepper;
  /** Types of the batch that was drawn last, for which the step is compiled. */
  #lastTypes: ReadonlyMap<string, TensorType> = new Map();
  #lastProgress = 0;
  #evaluation: Evaluation | undefined;

  constructor(
    readonly state: TrainingState,
    readonly stage: PreparedStage,
    /** Steps of the stages before this one. */
    readonly before: number,
    readonly names: StageNames,
    readonly frozen: FrozenRows | undefined,
    resumed: ReadonlyMap<string, Float32Array> | undefined,
  ) {
    const { training, memory, curve, source } = state;
    const { spec, batches, built } = stage;
    const isMidway = curve.steps > before;
    const numbersOf = (name: string) => memory.numbersOf(names.idOf(name) ?? "");
    const drawings = spec.stage.steps * training.request.accumulate;
    this.#feeder = new Feeder(batches, source, new Set(built.reads), drawings);
    this.#stepper = new Stepper({
      provider: training.provider,
      compile: () => this.#compile(),
      valueOf: (name) => numbersOf(name) ?? numbersOf(name.replace(/#ema$/, "")),
      stateOf: (name) => (isMidway ? resumed?.get(name) : undefined),
    });
  }

  /** The step for the types of the batch that was drawn last. */
  #compile(): Program {
    const { spec, cone, batches, types } = this.stage;
    // What was cut off of the step is not in its batches: its types are those of the first one.
    const program = compileStage(spec, buildStage(spec, cone, batches, new Map([...types, ...this.#lastTypes])));
    const batchBytes = [...this.#lastTypes.values()].map((type) => bytesOfRows(type, type.shape[0] ?? 1));
    refuseTooLarge(spec.graph, spec.node, {
      program,
      rowBytes: this.state.source.heldBytes + (this.frozen?.heldBytes ?? 0),
      batchBytes: batchBytes.reduce((sum, bytes) => sum + bytes, 0),
      batches: 1 + this.#feeder.ahead,
    });
    return program;
  }

  async takeSteps(): Promise<boolean> {
    const { curve, training } = this.state;
    const lastStep = this.before + this.stage.spec.stage.steps;
    let isOver = false;
    for (let step = curve.steps + 1; step <= lastStep && !isOver; step++) {
      if (training.signal.aborted) throw new Cancelled();
      const values = await this.#takeStep(step);
      const measured = await this.#measure(step);
      tellMetrics(this.state, step);
      this.#tellProgress(step, values);
      isOver = measured?.isOver ?? false;
      const isDue = step === lastStep || step % training.request.checkpointEvery === 0;
      if (isDue || isOver || measured?.isBest) await this.#save(step, measured?.isBest ?? false);
      await new Promise(setImmediate); // the runtime computes on this thread: let timers and messages through
    }
    await this.#remember();
    return !isOver;
  }

  async close(): Promise<void> {
    this.frozen?.close();
    await this.#stepper.release();
  }

  /** One update. Gives the scalars that it tells. */
  async #takeStep(step: number): Promise<Record<string, number>> {
    const { training, curve, waiting } = this.state;
    const { stage } = this.stage.spec;
    const { accumulate } = training.request;
    const stageStep = step - this.before;
    const lr = stage.lr * scheduleAt(stage.schedule, stageStep, stage.steps);
    const start = performance.now();
    const drawn: DrawnBatch[] = [];
    for (let i = 1; i <= accumulate; i++) drawn.push(await this.#draw((stageStep - 1) * accumulate + i));
    const waited = performance.now() - start;
    const feeds = drawn.map((batch) => batch.feeds);
    const values = await this.#stepper.step(feeds, lr, stageStep).catch((error) => this.#explain(error, step, drawn));
    waiting.add(waited, performance.now() - start);
    curve.add(step, { loss: Number.NaN, lr, ...values });
    return values;
  }

  async #draw(index: number): Promise<DrawnBatch> {
    const { rows, values } = await this.#feeder.batch(index);
    checkIndices(this.stage.drawnBounds, (input) => values.get(input) as Tensor, this.state.training.graph, rows);
    const feeds = new Map(this.stage.built.reads.map((name) => [name, values.get(name) as Tensor]));
    for (const [name, tensor] of this.frozen?.read(rows) ?? []) feeds.set(name, tensor);
    this.#lastTypes = typesOf(values);
    return { rows, feeds };
  }

  /** A loss that is no number any more: says where that began. */
  #explain(error: unknown, step: number, drawn: readonly DrawnBatch[]): Promise<never> {
    if (!(error instanceof NonFinite)) throw error;
    return explainNonFinite(error, { ...this.stage, step, drawn, stepper: this.#stepper });
  }

  /** Takes the metrics when it is time. */
  async #measure(step: number): Promise<{ isBest: boolean; isOver: boolean } | undefined> {
    const { training, curve, memory, steps } = this.state;
    const { metrics, evaluateEvery, better, patience } = training.request;
    const [first] = metrics;
    if (!first || (step % evaluateEvery && step !== steps)) return undefined;
    const parameters = await this.#stepper.parameters();
    const current = new Map([...parameters].map(([name, data]) => [this.names.idOf(name), data]));
    this.#evaluation ??= this.#openEvaluation();
    const values = await this.#evaluation.measure(({ id }) => current.get(id) ?? memory.numbersOf(id));
    curve.add(step, Object.fromEntries(values));
    const best = curve.best(endpointKey(first), better);
    return { isBest: best?.step === step, isOver: patience > 0 && (best?.since ?? 0) >= patience };
  }

  #openEvaluation(): Evaluation {
    const { training, source } = this.state;
    const { graph, request, valueOf } = training;
    const ends = request.metrics.map(({ node, port }) => ({ node, port }));
    const weightsOf = async (from: Endpoint) => (await valueOf(from)) as Weights;
    return new Evaluation({ ...training, source, cone: coneOf(graph, ends), seed: request.seed, weightsOf });
  }

  #tellProgress(step: number, values: Record<string, number>): void {
    const { training, steps } = this.state;
    const now = performance.now();
    if (step !== steps && now - this.#lastProgress <= 500) return;
    this.#lastProgress = now;
    training.onEvent({ kind: "node-progress", node: training.node, done: step, of: steps, note: this.#note(values) });
  }

  #note({ loss = Number.NaN }: Record<string, number>): string {
    const { training, waiting } = this.state;
    const parts = [`loss ${loss.toFixed(3)}`];
    if (training.request.stages.length > 1) parts.unshift(this.stage.spec.stage.name);
    if (waiting.share > 0.05) parts.push(`waits for data ${Math.round(100 * waiting.share)} % of the time`);
    return parts.filter(Boolean).join(" · ");
  }

  async #save(step: number, best: boolean): Promise<void> {
    const { memory, checkpoints, curve } = this.state;
    const tensors = memory.tensorsToSave(await this.#stepper.states(), this.names);
    await checkpoints.save({ step, tensors, history: curve.lines, best });
  }

  /** Hands what was trained to the stages behind this one. */
  async #remember(): Promise<void> {
    for (const { name, data } of await this.#stepper.states()) {
      const id = this.names.idOf(name);
      if (id !== undefined) this.state.memory.rememberTrained(id, data as Float32Array);
    }
  }
}

/** Computes what the part that runs once gives for each row, and tells which nodes that part is. */
async function runFrozenPart(
  { training, memory, source }: TrainingState,
  { spec, batches, built, drawnBounds }: PreparedStage,
  names: StageNames,
): Promise<FrozenRows | undefined> {
  const { halves } = built;
  if (!halves) return undefined;
  const { node, blobs, cacheDir, provider, signal, onEvent } = training;
  const feeds = new Map(built.lowered.feeds.map(({ name, from }) => [name, from]));
  const endpointOf = (input: string) => feeds.get(input) as Endpoint;
  const frozen = await frozenRows({
    halves,
    rows: batches.rows,
    blobs,
    cacheDir,
    provider,
    signal,
    draw: async (wanted) => {
      const values = (await source.draw(
        wanted,
        halves.first.inputs.map(({ name }) => endpointOf(name)),
      )) as Map<string, Tensor>;
      checkIndices(drawnBounds, (input) => values.get(input), spec.graph, wanted);
      return values;
    },
    signatureOf: (input) => `${training.signatureOf(endpointOf(input).node)}.${endpointOf(input).port}`,
    valueOf: (name) => memory.numbersOf(names.idOf(name) ?? "") as Float32Array<ArrayBuffer>,
    progress: (done, of) =>
      onEvent({ kind: "node-progress", node, done, of, note: "rows through the frozen part, once" }),
  });
  const behind = new Set(halves.second.nodes.map(({ scope }) => scope));
  const hoisted = [...new Set(halves.first.nodes.map(({ scope }) => scope))].filter(
    (id): id is string => id !== undefined && spec.graph.nodes.has(id) && !behind.has(id),
  );
  onEvent({ kind: "hoisted", node, nodes: hoisted, rows: batches.rows, bytes: frozen.bytes });
  return frozen;
}
