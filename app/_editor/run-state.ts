import type { Preview } from "#nodes/core/preview";
import type { PublicError, RunEvent, RunStatus, TimedEvent } from "#nodes/graph/events";

export type NodeStatus = "waiting" | "running" | "done" | "cached" | "failed" | "skipped";
export type { TimedEvent } from "#nodes/graph/events";

/** How far a node is, and since when it tells that: its pace. */
export interface Progress {
  done: number;
  of: number;
  note?: string;
  at?: number;
  since?: { done: number; at: number };
}

export interface NodeRun {
  status: NodeStatus;
  /** When it began to compute. */
  startedAt?: number;
  progress?: Progress;
  ms?: number;
  /** The most memory in bytes that was held while it was computed. */
  memory?: number;
  previews?: Record<string, Preview>;
  /** What `previews` shows is this run's already, while the node still makes it. */
  streams?: boolean;
  error?: PublicError;
  warnings?: string[];
  /** A training's points so far. */
  metrics?: { steps: number[]; values: Record<string, (number | null)[]> };
  /** When each point of `metrics` was told. */
  times?: number[];
  /** It is frozen: what it gave for each row is kept for the training behind it. */
  once?: { rows: number; bytes: number };
}
/** The canvas during and after a run: a fold of its events. */
export interface RunState {
  id?: string;
  status?: RunStatus;
  provider?: string;
  attempt: number;
  error?: PublicError;
  /** When it began, and when it ended. */
  startedAt?: number;
  endedAt?: number;
  /** The most memory in bytes that it held. */
  memory?: number;
  nodes: Record<string, NodeRun>;
}
export const noRun: RunState = { attempt: 0, nodes: {} };

/** A training's curves, by the name of what they measure. */
export type Metrics = NonNullable<NodeRun["metrics"]>;
const noMetrics: Metrics = { steps: [], values: {} };

const ended: readonly RunStatus[] = ["done", "failed", "cancelled"];
export const hasEnded = (status: RunStatus | undefined): boolean => status !== undefined && ended.includes(status);

/**
 * A run that was asked for just now. Previews of the last one stay until new ones come: what did not change still
 * holds.
 */
export function startOf(id: string, last: RunState): RunState {
  const nodes = Object.entries(last.nodes).map(([node, { status, previews, ms, memory }]) => [
    node,
    { status, previews, ms, memory },
  ]);
  return { ...noRun, id, status: "queued", nodes: Object.fromEntries(nodes) };
}

/** What a node's run forgets when it begins. */
const nothingYet: Partial<NodeRun> = { progress: undefined, error: undefined, streams: undefined };

/** The state after one more event. */
export function fold(state: RunState, event: TimedEvent): RunState {
  switch (event.kind) {
    case "status":
      return withStatus(state, event);
    case "plan":
      return event.run.reduce(
        (now, id) => withNode(now, id, { status: "waiting", ...nothingYet, warnings: undefined }),
        state,
      );
    case "node-start":
      return withNode(state, event.node, { status: "running", startedAt: event.at, ...nothingYet });
    case "node-progress": {
      const { done, of, note } = event;
      const previews = event.previews && { ...state.nodes[event.node]?.previews, ...event.previews };
      const progress = paced(state.nodes[event.node]?.progress, { done, of, note, at: event.at });
      const changed: Partial<NodeRun> = { status: "running", progress };
      return withNode(state, event.node, previews ? { ...changed, previews, streams: true } : changed);
    }
    case "node-done": {
      const { cached, ms, previews } = event;
      return withNode(state, event.node, { status: cached ? "cached" : "done", ms, previews, progress: undefined });
    }
    case "node-failed":
      return withNode(state, event.node, { status: "failed", error: event.error, progress: undefined });
    case "node-skipped":
      return withNode(state, event.node, { status: "skipped", progress: undefined });
    case "warning":
      return event.node ? withWarning(state, event.node, event.message) : state;
    case "metric":
      return withPoint(state, event);
    case "hoisted": {
      const once = { rows: event.rows, bytes: event.bytes };
      return event.nodes.reduce((now, id) => withNode(now, id, { status: "done", once }), state);
    }
    case "resumed":
      return withoutLater(state, event.node, event.step);
    case "epochs":
    case "stopping":
    case "checkpoint":
      return state;
    case "memory":
      return withMemory(state, event);
  }
}

function withNode(state: RunState, id: string, changed: Partial<NodeRun>): RunState {
  const node: NodeRun = { status: "waiting", ...state.nodes[id], ...changed };
  return { ...state, nodes: { ...state.nodes, [id]: node } };
}

/** Progress with its beginning: what is done afterwards, and in what time, is the pace. */
function paced(before: Progress | undefined, now: Progress): Progress {
  if (before?.since && before.of === now.of && before.since.done <= now.done) return { ...now, since: before.since };
  return { ...now, since: now.at === undefined ? undefined : { done: now.done, at: now.at } };
}

function withMemory(state: RunState, { nodes, bytes }: Extract<RunEvent, { kind: "memory" }>): RunState {
  const known = nodes.filter((id) => bytes > (state.nodes[id]?.memory ?? 0));
  const next: RunState = { ...state, memory: Math.max(bytes, state.memory ?? 0) };
  return known.reduce((now, id) => withNode(now, id, { memory: bytes }), next);
}

function withWarning(state: RunState, id: string, message: string): RunState {
  return withNode(state, id, { warnings: [...(state.nodes[id]?.warnings ?? []), message] });
}

function withStatus(state: RunState, event: Extract<TimedEvent, { kind: "status" }>): RunState {
  const next = {
    ...state,
    startedAt: event.status === "running" ? (state.startedAt ?? event.at) : state.startedAt,
    endedAt: hasEnded(event.status) ? event.at : undefined,
    status: event.status,
    error: event.error,
    provider: event.provider ?? state.provider,
    attempt: event.attempt ?? state.attempt,
  };
  if (!hasEnded(event.status)) return next;
  // What was going on when the run ended goes on no more.
  const nodes = Object.entries(state.nodes).map(([id, node]) => [id, isPending(node) ? skipped(node) : node]);
  return { ...next, nodes: Object.fromEntries(nodes) };
}

function withPoint(state: RunState, event: Extract<TimedEvent, { kind: "metric" }>): RunState {
  const metrics = extended(metricsOf(state, event.node), event);
  const before = (state.nodes[event.node]?.times ?? []).slice(0, metrics.steps.length - 1);
  return withNode(state, event.node, { metrics, times: [...before, event.at ?? 0] });
}

function withoutLater(state: RunState, node: string, step: number): RunState {
  const metrics = upToStep(metricsOf(state, node), step);
  const times = (state.nodes[node]?.times ?? []).slice(0, metrics.steps.length);
  return withNode(state, node, { metrics, times });
}

const isPending = ({ status }: NodeRun): boolean => status === "running" || status === "waiting";
const skipped = (node: NodeRun): NodeRun => ({ ...node, status: "skipped", progress: undefined });

const metricsOf = (state: RunState, id: string): Metrics => state.nodes[id]?.metrics ?? noMetrics;

/** The curves with one more point; a step that was told before, by an attempt that was lost, is told anew. */
function extended(metrics: Metrics, event: Extract<RunEvent, { kind: "metric" }>): Metrics {
  const kept = upToStep(metrics, event.step - 1);
  const names = new Set([...Object.keys(kept.values), ...Object.keys(event.values)]);
  const values = [...names].map((name) => {
    const before = kept.values[name] ?? kept.steps.map(() => null);
    return [name, [...before, event.values[name] ?? null]];
  });
  return { steps: [...kept.steps, event.step], values: Object.fromEntries(values) };
}

/** The curves without their points after a step. */
function upToStep(metrics: Metrics, step: number): Metrics {
  if ((metrics.steps.at(-1) ?? 0) <= step) return metrics;
  const count = metrics.steps.findIndex((other) => other > step);
  const values = Object.entries(metrics.values).map(([name, list]) => [name, list.slice(0, count)]);
  return { steps: metrics.steps.slice(0, count), values: Object.fromEntries(values) };
}
