/** What a run would compute before it is asked for: which nodes, why, and how long that took before. */
import { check } from "#nodes/graph/check";
import type { GraphDocument } from "#nodes/graph/document";
import { endpointKey, type ResolvedGraph, type ResolvedNode, resolve } from "#nodes/graph/resolve";
import { registry } from "#nodes/registry.gen";
import type { Db } from "../db";
import { readable } from "../graphs/checked";
import { soundTargets, titleIn, type Unsound } from "../graphs/ready";
import { askWorker } from "../jobs/queue";

export interface Foreseen {
  /** Why each node that would run has to. */
  why: Record<string, string>;
  /** How many nodes have results that would be read. */
  cached: string[];
  /** Milliseconds that each node which would run took last, as far as it is known. */
  ms: Record<string, number>;
  /** Milliseconds of all; nothing where none of them ever ran. */
  total?: number;
  /** Some of them never ran: it takes longer than that. */
  isLonger: boolean;
  /** What is asked for and has an error in what it needs. */
  unsound: UnsoundTarget[];
}

/** A target that is left out, for people. */
export interface UnsoundTarget {
  node: string;
  title: string;
  message: string;
}

/** What the worker says: `Plan` in server/runtime/foresee.ts. */
interface Plan {
  steps: string[][];
  cached: string[];
}
interface Asked {
  graphId?: string;
  /** Whose run it would be. */
  teamId: string;
  document: GraphDocument;
  targets?: readonly string[];
}

/** Milliseconds that a worker has to answer. */
const patience = 6000;

/** Nothing where no worker answers. Of targets with errors only their names are given. */
export async function foreseeRun(db: Db, { graphId, teamId, document, targets }: Asked): Promise<Foreseen | undefined> {
  const checked = check(document);
  const { sound, unsound } = soundTargets(checked, targets);
  const named = unsound.map((target) => namedTarget(document, target));
  if (!sound.length) return { why: {}, cached: [], ms: {}, isLonger: false, unsound: named };
  const plan = (await askWorker("foresee", { document, targets: sound, teamId }, patience)) as Plan | undefined;
  if (!plan) return undefined;
  const earlier = graphId ? await earlierRuns(db, graphId) : [];
  const reasons = new Reasons(checked.graph, plan, earlier);
  const run = plan.steps.flat();
  const ms = Object.fromEntries(
    run.flatMap((id) => {
      const known = timeBefore(checked.graph, id, earlier);
      return known === undefined ? [] : [[id, known] as const];
    }),
  );
  // The nodes of one step are computed together, and each has the time of all.
  const times = plan.steps.map((step) => step.flatMap((id) => ms[id] ?? []));
  const known = times.filter((each) => each.length);
  return {
    why: Object.fromEntries(run.map((id) => [id, reasons.of(id)])),
    cached: plan.cached,
    ms,
    total: known.length ? known.reduce((sum, each) => sum + Math.max(...each), 0) : undefined,
    isLonger: known.length < times.length,
    unsound: named,
  };
}

/** What is left out of a run, as a person calls it, with what is wrong there. */
export function namedTarget(document: GraphDocument, { node, problem }: Unsound): UnsoundTarget {
  return { node, title: titleIn(document, node), message: problem.message };
}

/** An earlier run of the same graph. */
interface Earlier {
  /** Resolved when it is first needed. */
  graph(): ResolvedGraph;
  has: ReadonlySet<string>;
  timings: Readonly<Record<string, number>>;
}

const lookedAt = 12;

/** The last runs of a graph that have ended, the last first. */
async function earlierRuns(db: Db, graphId: string): Promise<Earlier[]> {
  const rows = await db.$queryRaw<
    { document: unknown; ran: string[] | null; cached: string[] | null; timings: Record<string, number> | null }[]
  >`select "document", "result"->'ran' as ran, "result"->'cached' as cached, "result"->'timings' as timings
    from "Run" where "graphId" = ${graphId}::uuid and "result" is not null
    order by "createdAt" desc limit ${lookedAt}`;
  return rows.map(({ document, ran, cached, timings }) => {
    let graph: ResolvedGraph | undefined;
    return {
      graph: () => (graph ??= resolve(readable(document).document, registry)),
      has: new Set([...(ran ?? []), ...(cached ?? [])]),
      timings: timings ?? {},
    };
  });
}

/** Why nodes run: how they differ from the last run that had them. */
class Reasons {
  readonly #running: ReadonlySet<string>;

  constructor(
    readonly graph: ResolvedGraph,
    plan: Plan,
    readonly earlier: readonly Earlier[],
  ) {
    this.#running = new Set(plan.steps.flat());
  }

  of(id: string): string {
    const node = this.graph.nodes.get(id);
    if (!node) return "it is new";
    if (node.definition.effect) return "it runs each time";
    const before = this.earlier
      .find(({ has }) => has.has(id))
      ?.graph()
      .nodes.get(id);
    if (!before) return "it never ran";
    return (
      changeOf(before, node) ?? this.#changedInput(node) ?? "its result is not kept any more, or its files changed"
    );
  }

  #changedInput({ inputs }: ResolvedNode): string | undefined {
    const source = Object.values(inputs)
      .flat()
      .find(({ node }) => this.#running.has(node));
    return source && `input from ${titleIn(this.graph.flat.document, source.node)} changed`;
  }
}

/** What of a node itself is other than before. */
function changeOf(before: ResolvedNode, now: ResolvedNode): string | undefined {
  if (before.definition.type !== now.definition.type) return "it is another node now";
  if (before.definition.version !== now.definition.version) return "a newer version of Patchbay computes it otherwise";
  const names = new Set([...Object.keys(before.params), ...Object.keys(now.params)]);
  const changed = [...names].filter((name) => JSON.stringify(before.params[name]) !== JSON.stringify(now.params[name]));
  if (changed.length) return `parameter ${changed.map((name) => `“${name}”`).join(", ")} changed`;
  const ports = new Set([...Object.keys(before.inputs), ...Object.keys(now.inputs)]);
  const rewired = [...ports].filter((port) => sourcesAt(before, port) !== sourcesAt(now, port));
  return rewired.length ? `input “${rewired[0]}” is wired otherwise` : undefined;
}

const sourcesAt = ({ inputs }: ResolvedNode, port: string): string =>
  (inputs[port] ?? []).map(endpointKey).sort().join();

/** How long a node took when it last ran; of one that takes steps, for as many as it takes now. */
function timeBefore(graph: ResolvedGraph, id: string, earlier: readonly Earlier[]): number | undefined {
  const last = earlier.find(({ timings }) => timings[id] !== undefined);
  const ms = last?.timings[id];
  if (!last || ms === undefined) return undefined;
  const [work, workBefore] = [graph, last.graph()].map((each) => workOf(each.nodes.get(id)));
  return work && workBefore ? Math.round((ms * work) / workBefore) : ms;
}

/** Rows that a training with so many steps goes through. */
function workOf(node: ResolvedNode | undefined): number | undefined {
  const { steps, batch = 1, accumulate = 1, epochs = 0, stages = [] } = (node?.params ?? {}) as Record<string, unknown>;
  const isByTable = Array.isArray(stages) && stages.length > 0;
  if (typeof steps !== "number" || isByTable || Number(epochs) > 0) return undefined;
  return steps * Number(batch) * Number(accumulate);
}
