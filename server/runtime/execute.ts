import { join } from "node:path";
import type { Port } from "#nodes/core/ports";
import { check } from "#nodes/graph/check";
import type { PublicError, RunEvent } from "#nodes/graph/events";
import { infer, type Types } from "#nodes/graph/infer";
import { type Plan, plan, type Step } from "#nodes/graph/plan";
import type { Problem } from "#nodes/graph/problem";
import type { ResolvedGraph, ResolvedNode } from "#nodes/graph/resolve";
import { nodesOfStep, readWhole, type Stream, streamsOf } from "#nodes/graph/streams";
import { nodesLeadingTo } from "#nodes/graph/sweep";
import { registry as everyNode } from "#nodes/registry.gen";
import { Cancelled, toPublic } from "../errors";
import { readyTargets } from "../graphs/ready";
import { BlobMissing } from "../storage/blobs";
import type { CacheEntry } from "./cache";
import { HeardWarnings } from "./heard-warnings";
import { hold } from "./hold";
import { chooseProvider, type Provider, type ProviderChoice } from "./providers";
import { findResults } from "./find-results";
import type { StoredOutputs } from "../storage/stored-rows";
import type { Results } from "./results";
import { refuseLargeModels, trainedCone } from "./room-before";
import { hostOf, prepare, runStep, type StepContext, type StepOptions } from "./steps";
import { StepError } from "./step-error";
import { runStream } from "./stream";
import { Stopped } from "./training/going-on";

export interface ExecuteOptions extends StepOptions {
  /** Nodes whose results are asked for; by default those that feed nothing. */
  targets?: readonly string[];
  provider?: ProviderChoice;
  onEvent?(event: RunEvent): void;
  /** The unexplained cause of a failure, for the log. */
  onCause?(error: unknown): void;
}

export interface ExecuteResult {
  status: "done" | "failed" | "cancelled";
  /**
   * What each node that leads to the targets gave, by port, as the blob store keeps it, whether it was run now or
   * before.
   */
  outputs: Record<string, StoredOutputs>;
  ran: string[];
  cached: string[];
  /** Milliseconds by node; the nodes of one region share its time. */
  timings: Record<string, number>;
  provider?: Provider;
  problems: Problem[];
  /** What was warned of, now or when a result that is used was made. */
  warnings: { node?: string; message: string }[];
  error?: PublicError;
}

/**
 * Runs a graph: what must run for the targets, in order, with everything else from the cache.
 * Never throws; what went wrong is in the result and in the events.
 */
export async function execute(options: ExecuteOptions): Promise<ExecuteResult> {
  const execution = new Execution(options);
  const { result } = execution;
  try {
    await execution.run();
  } catch (error) {
    if (error instanceof Cancelled || options.signal.aborted) result.status = "cancelled";
    else {
      result.status = "failed";
      result.error ??= toPublic(error);
      options.onCause?.(error);
    }
  }
  return result;
}

class Execution {
  readonly result: ExecuteResult;
  readonly #graph: ResolvedGraph;
  readonly #types: Types;
  readonly #tell: (event: RunEvent) => void;
  /** What was told of a training's nodes before its step, which tells it as its own. */
  readonly #warned = new Map<string, readonly RunEvent[]>();

  constructor(readonly options: ExecuteOptions) {
    const { graph, types, problems } = check(options.document, options.registry ?? everyNode);
    this.result = { status: "done", outputs: {}, ran: [], cached: [], timings: {}, problems, warnings: [] };
    this.#graph = graph;
    this.#types = types;
    this.#tell = (event) => {
      if (event.kind === "warning") this.result.warnings.push({ node: event.node, message: event.message });
      options.onEvent?.(event);
    };
  }

  /** What the cache gives up meanwhile is made again: everything else is found there. */
  async run(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#runTargets(attempt < attempts);
      } catch (error) {
        if (!(error instanceof GivenUp)) throw error;
      }
    }
  }

  async #runTargets(mayTryAgain: boolean): Promise<void> {
    const { document, targets: asked, provider: choice = "auto", signal } = this.options;
    const targets = readyTargets(document, { graph: this.#graph, problems: this.result.problems }, asked);
    const provider = await chooseProvider(choice);
    this.result.provider = provider;
    const results = await findResults(this.#graph, this.options, this.#tell);
    const { steps, run: planned, cached } = plan(this.#graph, targets, (id) => results.entryOf(id) !== undefined);
    this.#tellPlan({ run: planned, cached }, results, targets);
    const context: StepContext = {
      options: this.options,
      graph: this.#graph,
      types: this.#types,
      results,
      provider,
      targets,
      planned,
      readWhole: new Set(),
      tell: this.#tell,
    };
    const waiting = new Set(planned);
    const joined = await this.#joinSteps(steps, context);
    await this.#refuseLarge(context);
    for (const step of joined) {
      if (signal.aborted) throw new Cancelled();
      const nodes = nodesOf(step);
      for (const node of nodes) waiting.delete(node);
      try {
        await this.#runStep(step, context);
      } catch (error) {
        if (error instanceof Cancelled || signal.aborted) throw new Cancelled();
        const { nodes: failed, cause } = error instanceof StepError ? error : { nodes, cause: error };
        if (mayTryAgain && isMissing(cause) && (await results.lost()).length) throw new GivenUp();
        this.#tellFailure(cause, failed, new Set([...nodes, ...waiting]), results);
        throw cause;
      }
    }
  }

  /** Puts steps that work row by row together. What cannot be loaded is told by its step when its turn comes. */
  async #joinSteps(steps: readonly Step[], context: StepContext): Promise<(Step | Stream)[]> {
    const tensorNodes = steps.flatMap((step) => (step.kind === "region" ? step.nodes : []));
    try {
      await prepare(tensorNodes, context);
    } catch {
      return [...steps];
    }
    // Nodes that are loaded know more of their shapes.
    context.types = infer(this.#graph).types;
    const joined = streamsOf(this.#graph, context.types, steps);
    context.readWhole = readWhole(this.#graph, joined);
    return joined;
  }

  /** Models that cannot fit, a training's with all its towers, are refused before anything is computed. */
  async #refuseLarge(context: StepContext): Promise<void> {
    const hosts = context.planned.filter((id) => !this.#nodeOf(id).definition.build);
    for (const id of hosts) await this.#prepareTrained(id, context);
    context.types = infer(this.#graph).types;
    for (const id of hosts) {
      try {
        await refuseLargeModels(id, context);
      } catch (error) {
        this.#tellFailure(error, [id], new Set(context.planned), context.results);
        throw error;
      }
    }
  }

  /** Loads what a training is built from. What cannot be loaded is told by its step, and so are warnings. */
  async #prepareTrained(id: string, context: StepContext): Promise<void> {
    const warned: RunEvent[] = [];
    this.#warned.set(id, warned);
    const { tensors = [] } = trainedCone(context, id) ?? {};
    await prepare(tensors, { ...context, tell: (event) => void warned.push(event) }).catch(() => {});
  }

  /** Tells what will run. Whatever lies before that and needs not run has its result too, and is shown. */
  #tellPlan({ run, cached }: Omit<Plan, "steps">, results: Results, targets: readonly string[]): void {
    this.result.cached = cached.filter((id) => !this.result.ran.includes(id));
    this.#tell({ kind: "plan", run, cached });
    for (const id of cached) this.result.outputs[id] = results.outputsOf(id);
    for (const [node, why] of this.#graph.computed.idle)
      if (why !== "bypassed") this.#tell({ kind: "node-skipped", node });
    for (const id of nodesLeadingTo(this.#graph.computed.document, ...targets)) {
      const entry = run.includes(id) ? undefined : results.entryOf(id);
      if (!entry) continue;
      this.result.outputs[id] = results.outputsOf(id);
      this.#tellDone(id, entry);
    }
  }

  /** Runs a step and keeps what it gives. A training that another run did meanwhile is taken from the cache. */
  async #runStep(step: Step | Stream, context: StepContext): Promise<void> {
    for (const node of nodesOf(step)) this.#tell({ kind: "node-start", node });
    if (step.kind !== "stream") return this.#runWhole(step, context);
    const warnings = new HeardWarnings(this.#tell);
    const given = await runStream(step, { ...context, tell: warnings.tell }, (id) => warnings.of(id, nodesOf(step)));
    for (const [id, { entry, ms }] of given) this.#report(id, entry, ms, context.results);
  }

  async #runWhole(step: Step, context: StepContext): Promise<void> {
    const { results } = context;
    const nodes = nodesOf(step);
    const start = performance.now();
    const held = step.kind === "host" && isTraining(this.#nodeOf(step.node)) ? step.node : undefined;
    const training = held === undefined ? undefined : await this.#holdTraining(held, results);
    try {
      if (held !== undefined && training?.entry) {
        this.result.cached.push(held);
        this.result.outputs[held] = results.outputsOf(held);
        this.#tellDone(held, training.entry);
        return;
      }
      const warnings = new HeardWarnings(this.#tell);
      for (const event of (held && this.#warned.get(held)) || []) warnings.tell(event);
      const values = await runStep(step, { ...context, tell: warnings.tell });
      const ms = Math.round(performance.now() - start);
      for (const id of nodes) {
        const entry = await results.keep(this.#nodeOf(id), values, warnings.of(id, nodes), hostOf(id, context));
        this.#report(id, entry, ms, results);
      }
    } catch (error) {
      if (held !== undefined && error instanceof Stopped)
        this.result.outputs[held] = await results.storeApart(this.#nodeOf(held), error.given);
      throw error;
    } finally {
      await training?.release();
    }
  }

  /** A node has run. */
  #report(id: string, entry: CacheEntry, ms: number, results: Results): void {
    if (!this.result.ran.includes(id)) this.result.ran.push(id);
    this.result.timings[id] = ms;
    this.result.outputs[id] = results.outputsOf(id);
    this.#tellDone(id, entry, ms);
  }

  /**
   * Two runs of one training would write over each other's checkpoints: the second waits, and takes the first one's
   * result.
   */
  async #holdTraining(
    node: string,
    results: Results,
  ): Promise<{ release: () => Promise<void>; entry: CacheEntry | undefined }> {
    const { scratch, signal } = this.options;
    let waited = false;
    const release = await hold(join(scratch, `${results.signatureOf(node)}.lock`), signal, () => {
      waited = true;
      this.#tell({ kind: "warning", node, message: waits, passing: true });
    });
    return { release, entry: waited ? await results.find(node) : undefined };
  }

  /** A node's result is there: made in so many milliseconds, or from the cache, with the warnings that belong to it. */
  #tellDone(node: string, { previews, warnings = [] }: CacheEntry, ms?: number): void {
    const cached = ms === undefined;
    this.#tell({ kind: "node-done", node, cached, ms: ms ?? 0, previews });
    if (!cached) return;
    for (const { message, node: other } of warnings) {
      // A cached result may have been made in another graph, whose nodes have other names.
      const about = other !== undefined && this.#graph.nodes.has(other) ? other : node;
      this.#tell({ kind: "warning", node: about, message });
    }
  }

  /** Tells which node of a step failed and what is not reached any more. */
  #tellFailure(error: unknown, nodes: readonly string[], waiting: ReadonlySet<string>, results: Results): void {
    // In a training it may be any node upstream that failed.
    const titles = new Map([...this.#graph.nodes.keys()].map((id) => [id, this.#titleOf(id)]));
    const node = nodes.length === 1 ? nodes[0] : undefined;
    const title = nodes.map((id) => titles.get(id)).join(" + ");
    const told = toPublic(error, { node, title, titles, inputs: results.readBy(nodes) });
    this.result.error = told;
    const failed = told.node ?? (nodes.at(-1) as string);
    this.#tell({ kind: "node-failed", node: failed, error: told });
    for (const id of new Set([...nodes, ...waiting])) {
      if (id !== failed && !this.result.ran.includes(id)) this.#tell({ kind: "node-skipped", node: id });
    }
  }

  /** What a person calls a node: its own title, or that of its type. */
  #titleOf(id: string): string {
    return this.#graph.flat.document.nodes[id]?.title || this.#nodeOf(id).definition.title;
  }

  #nodeOf(id: string): ResolvedNode {
    return this.#graph.nodes.get(id) as ResolvedNode;
  }
}

/** How often a run is begun because the cache gave up what it had found there. */
const attempts = 3;
class GivenUp extends Error {}

const isMissing = (error: unknown): boolean =>
  error instanceof BlobMissing || (error instanceof Error && error.cause !== undefined && isMissing(error.cause));

const waits = "Another run trains the same; this one waits for its result.";

function nodesOf(step: Step | Stream): readonly string[] {
  return step.kind === "stream" ? step.steps.flatMap((rowStep) => nodesOfStep(rowStep.step)) : nodesOfStep(step);
}

/** A node whose inputs are differentiated. */
const isTraining = ({ definition }: ResolvedNode): boolean =>
  Object.values<Port>(definition.inputs).some((port) => port.deferred === "gradient");
