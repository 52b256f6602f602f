import type { Preview } from "#nodes/core/preview";
import type { PublicError, RunEvent, RunStatus } from "#nodes/graph/events";

export type NodeStatus = "waiting" | "running" | "done" | "cached" | "failed" | "skipped";
export interface NodeRun {
  status: NodeStatus;
  progress?: { done: number; of: number; note?: string };
  ms?: number;
  previews?: Record<string, Preview>;
  error?: PublicError;
  warnings?: string[];
  /** A training's points so far. */
  metrics?: { steps: number[]; values: Record<string, (number | null)[]> };
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
  nodes: Record<string, NodeRun>;
}
export const noRun: RunState = { attempt: 0, nodes: {} };

const ended: readonly RunStatus[] = ["done", "failed", "cancelled"];
export const hasEnded = (status: RunStatus | undefined): boolean => status !== undefined && ended.includes(status);

const set = (state: RunState, id: string, with_: Partial<NodeRun>): RunState => ({
  ...state,
  nodes: { ...state.nodes, [id]: { status: "waiting", ...state.nodes[id], ...with_ } },
});

export function fold(state: RunState, event: RunEvent): RunState {
  switch (event.kind) {
    case "status": {
      const next = {
        ...state,
        status: event.status,
        error: event.error,
        provider: event.provider ?? state.provider,
        attempt: event.attempt ?? state.attempt,
      };
      // What was going on when a run ended, or when another attempt began, goes on no more.
      const stopped = Object.fromEntries(
        Object.entries(state.nodes).map(([id, n]) => [
          id,
          n.status === "running" || n.status === "waiting"
            ? { ...n, status: "skipped" as const, progress: undefined }
            : n,
        ]),
      );
      return hasEnded(event.status) ? { ...next, nodes: stopped } : next;
    }
    case "plan":
      return {
        ...state,
        nodes: {
          ...state.nodes,
          ...Object.fromEntries(
            event.run.map((id) => [
              id,
              {
                ...state.nodes[id],
                status: "waiting" as const,
                error: undefined,
                warnings: undefined,
                progress: undefined,
              },
            ]),
          ),
        },
      };
    case "node-start":
      return set(state, event.node, { status: "running", progress: undefined, error: undefined });
    case "node-progress":
      return set(state, event.node, {
        status: "running",
        progress: { done: event.done, of: event.of, note: event.note },
      });
    case "node-done":
      return set(state, event.node, {
        status: event.cached ? "cached" : "done",
        ms: event.ms,
        previews: event.previews,
        progress: undefined,
      });
    case "node-failed":
      return set(state, event.node, { status: "failed", error: event.error, progress: undefined });
    case "node-skipped":
      return set(state, event.node, { status: "skipped", progress: undefined });
    case "warning":
      return event.node
        ? set(state, event.node, { warnings: [...(state.nodes[event.node]?.warnings ?? []), event.message] })
        : state;
    case "metric": {
      const { steps, values } = state.nodes[event.node]?.metrics ?? { steps: [], values: {} };
      const kept = upTo({ steps, values }, event.step - 1);
      const names = [...new Set([...Object.keys(kept.values), ...Object.keys(event.values)])];
      return set(state, event.node, {
        metrics: {
          steps: [...kept.steps, event.step],
          values: Object.fromEntries(
            names.map((name) => [
              name,
              [...(kept.values[name] ?? kept.steps.map(() => null)), event.values[name] ?? null],
            ]),
          ),
        },
      });
    }
    case "hoisted":
      return event.nodes.reduce(
        (now, id) => set(now, id, { status: "done", once: { rows: event.rows, bytes: event.bytes } }),
        state,
      );
    case "resumed":
      return set(state, event.node, {
        metrics: upTo(state.nodes[event.node]?.metrics ?? { steps: [], values: {} }, event.step),
      });
  }
}

/** A curve without its points after a step. */
function upTo(metrics: NonNullable<NodeRun["metrics"]>, step: number): NonNullable<NodeRun["metrics"]> {
  if ((metrics.steps.at(-1) ?? 0) <= step) return metrics;
  const n = metrics.steps.findIndex((s) => s > step);
  return {
    steps: metrics.steps.slice(0, n),
    values: Object.fromEntries(Object.entries(metrics.values).map(([name, list]) => [name, list.slice(0, n)])),
  };
}
