import { availableParallelism } from "node:os";
import { type TensorToWrite, writeSafetensors } from "#models/files/safetensors";
import { matches } from "#models/patterns";
import { scheduleAt } from "#models/train/schedules";
import type { Host, Stage, TrainRequest, TrainResult } from "#nodes/core/host";
import type { Tensor, Weights } from "#nodes/core/values";
import type { Endpoint, GraphDocument } from "#nodes/graph/document";
import type { RunEvent } from "#nodes/graph/events";
import type { LoweredParameter } from "#nodes/graph/lower";
import { type Cone, coneOf } from "#nodes/graph/plan";
import { endpointKey, type ResolvedGraph } from "#nodes/graph/resolve";
import { Cancelled, Failure } from "../../errors";
import type { Blobs } from "../../storage/blobs";
import { type Checkpoint, Checkpoints } from "../checkpoints";
import { handlesOf, parameterValues } from "../parameters";
import type { Provider } from "../providers";
import type { SessionPool } from "../sessions";
import { type Batch, type Batches, openBatches } from "./batches";
import { Curve } from "./curve";
import { evaluate } from "./evaluate";
import { directFeeder, type Feeder, threadedFeeder } from "./feeder";
import { type FrozenRows, frozenRows } from "./frozen-rows";
import { type BuiltStage, buildStage, compileStage, coneOfStage, emaOf, type StageSpec, studentOf } from "./stage";
import { firstNonFinite } from "./non-finite";
import { NonFinite, Stepper } from "./stepper";

export interface Training {
  request: TrainRequest;
  /** The trainer. */
  node: string;
  graph: ResolvedGraph;
  /** The graph as a thread can read it; absent where its node types are not the product's own. */
  document?: GraphDocument;
  folders: readonly string[];
  /** Threads that make batches ahead. */
  dataThreads?: number;
  blobs: Blobs;
  cacheDir: string;
  signal: AbortSignal;
  provider: Provider;
  sessions: SessionPool;
  /** Folder of this training's checkpoints; named by what is trained, so that only the same training finds it. */
  scratch: string;
  valueOf(from: Endpoint): Promise<unknown>;
  hostFor(node: string, seed: readonly (string | number)[]): Host;
  onEvent(event: RunEvent): void;
}

/** A parameter of any stage, by id. */
interface Known extends LoweredParameter {
  shape: readonly number[];
  handle?: Weights;
}
/** A stage before it runs: built for the shapes of its first batch, so that what is wrong with the last stage is said before the first one starts. */
interface Prepared {
  spec: StageSpec;
  cone: Cone;
  batches: Batches;
  built: BuiltStage;
}

/** A batch, as the step reads it. */
interface Drawn {
  rows: Uint32Array;
  feeds: ReadonlyMap<string, Tensor>;
}

/** What of a training's curve is told while it runs; the whole curve is in its result. */
const toldPoints = 4000;

/** Trains what lies upstream of the losses, stage by stage. Goes on from the last checkpoint in `scratch`, with the numbers an unbroken run would have had. */
export async function train(training: Training): Promise<TrainResult> {
  return new Trainer(training).run();
}

class Trainer {
  readonly #curve = new Curve();
  readonly #checkpoints: Checkpoints;
  /** The numbers of every parameter as they are now, by id; averages of the trainer's own under `id#ema`. */
  readonly #memory = new Map<string, Float32Array>();
  readonly #known = new Map<string, Known>();
  /** What stages that have ended trained, by id. */
  readonly #trained = new Set<string>();
  readonly #steps: number;
  #waited = 0;
  #worked = 0;

  constructor(readonly t: Training) {
    this.#checkpoints = new Checkpoints(t.scratch, t.request.keep);
    this.#steps = t.request.stages.reduce((n, s) => n + s.steps, 0);
  }

  async run(): Promise<TrainResult> {
    const { stages } = this.t.request;
    const prepared: Prepared[] = [];
    for (const [index, stage] of stages.entries()) prepared.push(await this.#prepare(stage, index));
    this.#warnOfIdle(prepared);
    const resumed = await this.#resume();
    let before = 0;
    for (const stage of prepared) {
      const after = before + stage.spec.stage.steps;
      if (this.#curve.steps < after && !(await this.#stage(stage, before, resumed))) break;
      before = after;
    }
    return this.#result();
  }

  #weightsOf = async (from: Endpoint): Promise<Weights> => (await this.t.valueOf(from)) as Weights;

  /** Opens a stage's data, lowers it, and notes the parameters that it brings. */
  async #prepare(stage: Stage, index: number): Promise<Prepared> {
    const { request, node, graph, valueOf, hostFor, blobs } = this.t;
    const { batchSize, seed, distinct, bucket } = request;
    const cone = coneOfStage({ graph, node, request, stage });
    const spec: StageSpec = {
      graph,
      node,
      request,
      stage,
      handles: await handlesOf(graph, cone.tensors, this.#weightsOf),
    };
    const batches = await openBatches({
      graph,
      node,
      cone,
      batchSize,
      seed,
      stage: index,
      distinct,
      bucket,
      valueOf,
      hostFor,
    });
    const built = buildStage(spec, cone, batches, (await batches.batch(1)).values);
    const { lowered } = built;
    // A teacher starts as its student is.
    const values = await parameterValues(lowered, this.#weightsOf, blobs, {
      seed,
      current: ({ id }) => this.#memory.get(id) ?? this.#memory.get(studentOf(id)),
    });
    const shapes = new Map(lowered.graph.parameters.map((p) => [p.name, p.value.shape as number[]]));
    for (const parameter of lowered.parameters) {
      this.#memory.set(parameter.id, values.get(parameter.graphName) as Float32Array);
      this.#known.set(parameter.id, {
        ...parameter,
        shape: shapes.get(parameter.graphName) ?? [],
        handle: parameter.weights && spec.handles.get(endpointKey(parameter.weights)),
      });
    }
    return { spec, cone, batches, built };
  }

  /** A pattern that fits no parameter is a slip more often than not. */
  #warnOfIdle(prepared: readonly Prepared[]): void {
    const names = [...this.#known.values()].map((p) => p.name);
    const handles = prepared.flatMap(({ spec }) => [...spec.handles.values()]);
    const patterns = {
      "what a stage trains": prepared.flatMap(({ spec }) => spec.stage.trains.map((t) => t.pattern)),
      "what is frozen": handles.flatMap((h) => h.frozen ?? []),
      "LoRA's targets": handles.flatMap((h) => h.lora?.flatMap((l) => l.targets) ?? []),
    };
    for (const [what, list] of Object.entries(patterns)) {
      for (const pattern of new Set(list))
        if (!names.some((name) => matches(name, [pattern])))
          this.t.onEvent({
            kind: "warning",
            node: this.t.node,
            message: `The pattern “${pattern}” in ${what} fits no parameter. There are ${names.slice(0, 4).join(", ")}${names.length > 4 ? ` and ${names.length - 4} more` : ""}.`,
          });
    }
  }

  /** Puts everything back as the last checkpoint has it, and gives what else went round then. */
  async #resume(): Promise<ReadonlyMap<string, Float32Array> | undefined> {
    const { node, onEvent } = this.t;
    const { checkpoint, damage } = await this.#checkpoints.load();
    if (!checkpoint && !damage.length) return undefined;
    const isForeign = [...(checkpoint?.tensors ?? [])].some(
      ([name, data]) =>
        name.startsWith(own) && this.#memory.get(name.slice(own.length).replace(/#ema$/, ""))?.length !== data.length,
    );
    if (!checkpoint || isForeign) {
      onEvent({
        kind: "warning",
        node,
        message: `The training's last checkpoint is not used, since ${isForeign ? "it belongs to another model" : damage.join(", and ")}; the training starts anew.`,
      });
      onEvent({ kind: "resumed", node, step: 0 });
      return undefined;
    }
    if (damage.length)
      onEvent({
        kind: "warning",
        node,
        message: `The training goes on from the checkpoint of step ${checkpoint.step}, since ${damage.join(", and ")}.`,
      });
    this.#take(checkpoint);
    this.#curve.restore(checkpoint.history, checkpoint.step);
    onEvent({ kind: "resumed", node, step: checkpoint.step });
    // Points that were told just before the kill may never have been written down: the checkpoint has them all.
    for (let step = 1; step <= checkpoint.step; step++) this.#tell(step);
    return checkpoint.tensors;
  }

  #take({ tensors }: Checkpoint): void {
    for (const [name, data] of tensors) if (name.startsWith(own)) this.#memory.set(name.slice(own.length), data);
  }

  /** Runs a stage from where the curve ends. False when the training is to end early. */
  async #stage(
    { spec, cone, batches, built }: Prepared,
    before: number,
    resumed: ReadonlyMap<string, Float32Array> | undefined,
  ): Promise<boolean> {
    const { request, node, provider, signal, onEvent } = this.t;
    const { stage } = spec;
    const last = before + stage.steps;
    const isMidway = this.#curve.steps > before;
    const names = new Names(built.lowered.parameters);
    const frozen = await this.#frozenRows(spec, batches, built, names);
    const feeder = this.#feeder(spec, cone, batches, built, this.t.request.stages.indexOf(stage));
    let shapes: Batch["values"] = new Map();
    const draw = async (index: number): Promise<Drawn> => {
      const { rows, values } = await feeder.batch(index);
      const feeds = new Map(built.reads.map((name) => [name, values.get(name) as Tensor]));
      for (const [name, tensor] of frozen?.read(rows) ?? []) feeds.set(name, tensor);
      shapes = values;
      return { rows, feeds };
    };
    const stepper = new Stepper({
      provider,
      compile: () => compileStage(spec, buildStage(spec, cone, batches, shapes)),
      valueOf: (name) =>
        this.#memory.get(names.idOf(name) ?? "") ?? this.#memory.get(names.idOf(name.replace(/#ema$/, "")) ?? ""),
      stateOf: (name) => (isMidway ? resumed?.get(name) : undefined),
    });
    try {
      let told = 0;
      let ended = false;
      for (let step = this.#curve.steps + 1; step <= last && !ended; step++) {
        if (signal.aborted) throw new Cancelled();
        const mine = step - before;
        const lr = stage.lr * scheduleAt(stage.schedule, mine, stage.steps);
        const start = performance.now();
        const drawn: Drawn[] = [];
        for (let i = 1; i <= request.accumulate; i++) drawn.push(await draw((mine - 1) * request.accumulate + i));
        const ready = performance.now();
        const values = await stepper
          .step(
            drawn.map((d) => d.feeds),
            lr,
            mine,
          )
          .catch((error) => this.#explain(error, step, drawn, spec, built, stepper));
        this.#waited += ready - start;
        this.#worked += performance.now() - start;
        this.#curve.add(step, { loss: Number.NaN, lr, ...values });
        const measured = await this.#measure(step, stepper, names);
        this.#tell(step);
        if (step === this.#steps || performance.now() - told > 500) {
          told = performance.now();
          onEvent({ kind: "node-progress", node, done: step, of: this.#steps, note: this.#note(stage, values) });
        }
        ended = measured?.isOver ?? false;
        if (step === last || ended || measured?.isBest || step % request.checkpointEvery === 0)
          await this.#save(step, stepper, names, measured?.isBest ?? false);
        await new Promise(setImmediate); // the runtime computes on this thread: let timers and messages through
      }
      for (const { name, data } of await stepper.states()) {
        const id = names.idOf(name);
        if (id === undefined) continue;
        this.#memory.set(id, data as Float32Array);
        this.#trained.add(id);
      }
      return !ended;
    } finally {
      frozen?.close();
      await Promise.all([stepper.release(), feeder.close()]);
    }
  }

  /** Rows are cut as they are asked for; what random nodes make of them is made ahead, in threads. */
  #feeder({ stage }: StageSpec, cone: Cone, batches: Batches, built: BuiltStage, index: number): Feeder {
    const {
      document,
      node,
      request,
      blobs,
      cacheDir,
      folders,
      dataThreads = Math.max(1, Math.min(4, availableParallelism() - 1)),
    } = this.t;
    const { batchSize, seed, distinct, bucket, accumulate } = request;
    // A thread takes a second to start: a short stage is over by then.
    if (!cone.stepwise.length || !document || dataThreads === 0 || stage.steps * accumulate < 50)
      return directFeeder(batches, built.reads);
    const given = cone.rows.map((from): [string, unknown] => [endpointKey(from), batches.whole(endpointKey(from))]);
    return threadedFeeder(
      batches,
      {
        document,
        node,
        cone,
        batchSize,
        seed,
        stage: index,
        distinct,
        bucket,
        given,
        reads: built.reads,
        blobs: blobs.root,
        cacheDir,
        folders,
      },
      stage.steps * accumulate,
      dataThreads,
    );
  }

  /** Everything that goes round in this stage, and what earlier stages trained. */
  async #save(step: number, stepper: Stepper, names: Names, best: boolean): Promise<void> {
    const states = (await stepper.states()).map(
      (s): TensorToWrite => ({ ...s, name: names.idOf(s.name) === undefined ? s.name : own + names.idOf(s.name) }),
    );
    const there = new Set(states.map((s) => s.name));
    const earlier = [...this.#trained]
      .filter((id) => !there.has(own + id))
      .map(
        (id): TensorToWrite => ({
          name: own + id,
          shape: [this.#memory.get(id)?.length ?? 0],
          data: this.#memory.get(id) as Float32Array,
        }),
      );
    await this.#checkpoints.save({ step, tensors: [...states, ...earlier], history: this.#curve.lines, best });
  }

  /** What the part that runs once gives for each row. */
  async #frozenRows(
    { graph }: StageSpec,
    batches: Batches,
    { halves }: BuiltStage,
    names: Names,
  ): Promise<FrozenRows | undefined> {
    if (!halves) return undefined;
    const { node, blobs, cacheDir, provider, signal, onEvent } = this.t;
    const behind = new Set(halves.second.nodes.map((n) => n.scope));
    const frozen = await frozenRows({
      halves,
      rows: batches.rows,
      blobs,
      cacheDir,
      provider,
      signal,
      whole: (name) => batches.whole(name) as Tensor,
      valueOf: (name) => this.#memory.get(names.idOf(name) ?? "") as Float32Array<ArrayBuffer>,
      progress: (done, of) =>
        onEvent({ kind: "node-progress", node, done, of, note: "rows through the frozen part, once" }),
    });
    onEvent({
      kind: "hoisted",
      node,
      nodes: [...new Set(halves.first.nodes.map((n) => n.scope))].filter(
        (id): id is string => id !== undefined && graph.nodes.has(id) && !behind.has(id),
      ),
      rows: batches.rows,
      bytes: frozen.bytes,
    });
    return frozen;
  }

  /** Takes the metrics when it is time. */
  async #measure(
    step: number,
    stepper: Stepper,
    names: Names,
  ): Promise<{ isBest: boolean; isOver: boolean } | undefined> {
    const { metrics, evaluateEvery, better, patience, seed } = this.t.request;
    const [first] = metrics;
    if (!first || (step % evaluateEvery && step !== this.#steps)) return undefined;
    const now = new Map([...(await stepper.parameters())].map(([name, data]) => [names.idOf(name), data]));
    const cone = coneOf(
      this.t.graph,
      metrics.map(({ node, port }) => ({ node, port })),
    );
    const values = await evaluate(
      { ...this.t, cone, seed, weightsOf: this.#weightsOf },
      ({ id }) => now.get(id) ?? this.#memory.get(id),
    );
    this.#curve.add(step, Object.fromEntries(values));
    const best = this.#curve.best(endpointKey(first), better);
    return { isBest: best?.step === step, isOver: patience > 0 && (best?.since ?? 0) >= patience };
  }

  #tell(step: number): void {
    const { node, onEvent, request } = this.t;
    const values = this.#curve.at(step);
    if (
      step === 1 ||
      step === this.#steps ||
      step % Math.ceil(this.#steps / toldPoints) === 0 ||
      request.metrics.some((m) => endpointKey(m) in values)
    )
      onEvent({ kind: "metric", node, step, values });
  }

  #note({ name }: Stage, { loss = Number.NaN }: Record<string, number>): string {
    return [
      this.t.request.stages.length > 1 ? name : "",
      `loss ${loss.toFixed(3)}`,
      this.#share() > 0.05 ? `waits for data ${Math.round(100 * this.#share())} % of the time` : "",
    ]
      .filter(Boolean)
      .join(" · ");
  }
  #share = (): number => (this.#worked ? this.#waited / this.#worked : 0);

  /** A loss that is no number any more: says where that began. */
  async #explain(
    error: unknown,
    step: number,
    drawn: readonly Drawn[],
    spec: StageSpec,
    built: BuiltStage,
    stepper: Stepper,
  ): Promise<never> {
    if (!(error instanceof NonFinite)) throw error;
    const { node, graph } = this.t;
    const [first] = drawn as [Drawn];
    const where = await firstNonFinite(
      compileStage({ ...spec, request: { ...spec.request, accumulate: 1, chunk: 0 } }, built),
      first.feeds,
      stepper,
    );
    const title = where?.scope && (graph.nodes.get(where.scope)?.definition.title ?? where.scope);
    const { loss, grad_norm } = error.told;
    throw new Failure({
      node,
      message: `Training stopped at step ${step}: the ${Number.isFinite(loss) ? "gradient" : "loss"} is no longer a finite number.${where ? ` It began in ${where.op}${title ? ` of ${title}` : ""}.` : ""}`,
      hint: "Lower the learning rate, lengthen the warmup, or clip the gradient norm. If it happens at the first step, look at the data.",
      details: {
        step: String(step),
        loss: String(loss),
        grad_norm: String(grad_norm),
        rows: drawn
          .flatMap((d) => [...d.rows])
          .slice(0, 64)
          .join(", "),
        ...(where ? { operation: `${where.op} (${where.value})` } : {}),
      },
    });
  }

  async #result(): Promise<TrainResult> {
    const {
      request: { give, average },
    } = this.t;
    const all = [...this.#known.values()];
    const plain = all.filter((p) => p.decay === undefined);
    const teachers = all.filter((p) => p.decay !== undefined);
    const { checkpoint } = give === "best" ? await this.#checkpoints.load({ best: true }) : {};
    if (checkpoint) this.#take(checkpoint);
    const now = (id: string) => this.#memory.get(id) as Float32Array;
    const weights = await this.#asCheckpoint(plain, now);
    const averaged =
      average > 0
        ? await this.#asCheckpoint(plain, (id) => this.#memory.get(emaOf(id)) ?? now(id))
        : teachers.length
          ? await this.#asCheckpoint(teachers, now)
          : weights;
    return { weights, average: averaged, curve: this.#curve.series(), waited: this.#share() };
  }

  /** Parameters as one checkpoint, and how nodes that load it are to treat it. */
  async #asCheckpoint(parameters: readonly Known[], valueOf: (id: string) => Float32Array): Promise<Weights> {
    const named = new Map<string, TensorToWrite>();
    for (const { id, name, graphName, shape } of parameters) {
      const free = named.has(name) ? graphName : name;
      named.set(free, { name: free, shape, data: valueOf(id) });
    }
    const lora = parameters.flatMap(({ name, handle }) => {
      const target = name.replace(/\.lora_A$/, "");
      const found = target === name ? undefined : handle?.lora?.find((l) => matches(target, l.targets));
      return found ? [{ ...found, targets: [target] }] : [];
    });
    const ties = [...new Map(parameters.flatMap((p) => p.handle?.ties ?? []).map((t) => [t.name, t])).values()];
    return {
      ref: await this.t.blobs.put(writeSafetensors([...named.values()])),
      ...(lora.length ? { lora } : {}),
      ...(ties.length ? { ties } : {}),
    };
  }
}

/** How a checkpoint calls a parameter: by its id, which stages agree on. Everything else in it is this stage's own. */
const own = "p/";

/** From the names of a stage's graph to ids. */
class Names {
  readonly #ids: Map<string, string>;
  constructor(parameters: readonly LoweredParameter[]) {
    this.#ids = new Map(
      parameters.flatMap((p) => [
        [p.graphName, p.id],
        [emaOf(p.graphName), emaOf(p.id)],
      ]),
    );
  }
  idOf(name: string): string | undefined {
    return this.#ids.get(name);
  }
}
