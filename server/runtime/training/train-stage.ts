import type { Parameter } from "#models/onnx/graph";
import type { Program } from "#models/train/program";
import { scheduleAt } from "#models/train/schedules";
import type { Weights } from "#nodes/core/values";
import type { Endpoint } from "#nodes/graph/document";
import { coneOf } from "#nodes/graph/plan";
import { endpointKey } from "#nodes/graph/resolve";
import { Cancelled } from "../../errors";
import { bytesText } from "../../runtime-failures";
import { Evaluation } from "./evaluate";
import type { FrozenRows } from "./frozen-rows";
import { StageNames } from "./memory";
import { RunningBranch, runFrozenPart } from "./running-branch";
import type { DrawnBatch, PreparedStage, TrainingState } from "./state";
import { type BatchFeeds, Stepper } from "./stepper";
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
  const names = new StageNames(stage.branches.flatMap(({ built }) => built.lowered.parameters));
  const frozen: (FrozenRows | undefined)[] = [];
  for (const branch of stage.branches) frozen.push(await runFrozenPart(state, branch, names));
  const running = new RunningStage(state, stage, before, names, frozen, resumed);
  try {
    return await running.takeSteps();
  } finally {
    await running.close();
  }
}

class RunningStage {
  readonly #branches: RunningBranch[];
  readonly #stepper: Stepper;
  #lastProgress = 0;
  #evaluation: Evaluation | undefined;

  constructor(
    readonly state: TrainingState,
    readonly stage: PreparedStage,
    /** Steps of the stages before this one. */
    readonly before: number,
    readonly names: StageNames,
    frozen: readonly (FrozenRows | undefined)[],
    resumed: ReadonlyMap<string, Float32Array> | undefined,
  ) {
    const { training, memory, curve } = state;
    const isMidway = curve.steps > before;
    const numbersOf = (name: string) => memory.numbersOf(names.idOf(name) ?? "");
    this.#branches = stage.branches.map((branch, i) => {
      const drawings = stage.turns.count(i) * stage.stage.accumulate;
      return new RunningBranch(state, branch, frozen[i], drawings);
    });
    this.#stepper = new Stepper({
      provider: training.provider,
      compile: (branch, batch) => this.#compile(branch, batch),
      valueOf: (name) => numbersOf(name) ?? numbersOf(name.replace(/#ema$/, "")),
      stateOf: (name) => (isMidway ? resumed?.get(name) : undefined),
    });
  }

  #compile(branch: number, batch: BatchFeeds): Program {
    const { program, counted } = (this.#branches[branch] as RunningBranch).compile(batch, this.#held);
    const { training, curve, steps } = this.state;
    const note = `holds ${bytesText(counted)}, and what its operations hold between them`;
    training.onEvent({ kind: "node-progress", node: training.node, done: curve.steps, of: steps, note });
    return program;
  }

  /** Bytes in memory of what frozen parts gave, and the parameters of all branches, those of frozen parts too. */
  get #held(): { frozenBytes: number; parameters: Parameter[] } {
    return {
      frozenBytes: this.#branches.reduce((sum, { frozen }) => sum + (frozen?.heldBytes ?? 0), 0),
      parameters: this.#branches.flatMap(({ branch }) => branch.built.lowered.graph.parameters),
    };
  }

  async takeSteps(): Promise<boolean> {
    const { curve, training } = this.state;
    const lastStep = this.before + this.stage.stage.steps;
    let isOver = false;
    for (let step = curve.steps + 1; step <= lastStep && !isOver; step++) {
      if (training.signal.aborted) throw new Cancelled();
      const values = await this.#takeStep(step);
      this.state.afterFirstStep?.();
      this.state.afterFirstStep = undefined;
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
    for (const { frozen } of this.#branches) frozen?.close();
    await this.#stepper.release();
  }

  /** One update, on the branch whose turn it is. Gives the scalars that it tells. */
  async #takeStep(step: number): Promise<Record<string, number>> {
    const { curve, waiting } = this.state;
    const { stage, turns } = this.stage;
    const stageStep = step - this.before;
    const { source, before } = turns.at(stageStep);
    const branch = this.#branches[source] as RunningBranch;
    const lr = stage.lr * scheduleAt(stage.schedule, stageStep, stage.steps);
    const start = performance.now();
    const drawn: DrawnBatch[] = [];
    for (let i = 1; i <= stage.accumulate; i++) drawn.push(await branch.draw(before * stage.accumulate + i));
    const waited = performance.now() - start;
    const feeds = drawn.map((batch) => batch.feeds);
    const values = await this.#stepper
      .step(feeds, lr, stageStep, source)
      .catch((error) => branch.explain(error, step, drawn, this.#stepper));
    waiting.add(waited, performance.now() - start);
    curve.add(step, { loss: Number.NaN, lr, ...this.#lossesOf(branch, values) });
    return values;
  }

  /** The scalars of a step, with the loss under the name of its node where others have their turns. */
  #lossesOf({ branch }: RunningBranch, values: Record<string, number>): Record<string, number> {
    const [end, ...others] = branch.cone.ends;
    const isNamed = this.#branches.length > 1 && end && !others.length && values.loss !== undefined;
    return isNamed ? { ...values, [`loss/${end.node}`]: values.loss as number } : values;
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
    const { training, waiting, peak } = this.state;
    const parts = [`loss ${loss.toFixed(3)}`];
    if (training.request.stages.length > 1) parts.unshift(this.stage.stage.name);
    if (waiting.share > 0.05) parts.push(`waits for data ${Math.round(100 * waiting.share)} % of the time`);
    parts.push(`${bytesText(peak.bytes)} at most`);
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
