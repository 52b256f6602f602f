/** How an instance's part of a run stands: what its nodes tell, put together. */
import type { Instance } from "#nodes/graph/flatten";
import type { NodeRun, NodeStatus, RunState } from "./run-state";

/** A run with an entry for each instance of which something was told. */
export function withInstances(run: RunState, instances: ReadonlyMap<string, Instance>): RunState {
  if (!instances.size) return run;
  const nodes = { ...run.nodes };
  for (const [path, instance] of instances) {
    const together = instanceRun(instance, run.nodes);
    if (together) nodes[path] = isSame(run.nodes[path], together) ? (run.nodes[path] as NodeRun) : together;
  }
  return { ...run, nodes };
}

/** The first of these that any node inside has is the instance's. */
const ranks: readonly NodeStatus[] = ["failed", "running", "waiting", "done", "cached", "skipped"];

function instanceRun({ nodes, outputs }: Instance, runs: RunState["nodes"]): NodeRun | undefined {
  const told = nodes.flatMap((id) => (runs[id] ? [[id, runs[id]] as const] : []));
  if (!told.length) return undefined;
  const inside = told.map(([, run]) => run);
  const statuses = new Set(inside.map(({ status }) => status));
  // What waits behind what is done runs soon: the instance is at work.
  const isAtWork = statuses.has("waiting") && statuses.has("done");
  const status = statuses.has("failed") ? "failed" : isAtWork ? "running" : ranks.find((each) => statuses.has(each));
  const busy = inside.find((run) => run.status === "running" && run.progress) ?? {};
  const trained = inside.find(({ metrics }) => metrics);
  const warnings = inside.flatMap((run) => run.warnings ?? []);
  return {
    status: status ?? "waiting",
    ms: timeOf(inside),
    ...pick(busy as Partial<NodeRun>, ["progress"]),
    ...(trained ? pick(trained, ["metrics", "times"]) : {}),
    ...pick(inside.find(({ error }) => error) ?? {}, ["error"]),
    ...(inside.some(({ streams }) => streams) ? { streams: true } : {}),
    ...(warnings.length ? { warnings } : {}),
    previews: previewsOf(outputs, nodes, runs),
  };
}

/** Nodes that were computed as one step began together and took the same time, which counts once. */
function timeOf(inside: readonly NodeRun[]): number {
  const steps = new Map(inside.map(({ startedAt, ms = 0 }) => [`${startedAt} ${ms}`, ms]));
  return [...steps.values()].reduce((sum, ms) => sum + ms, 0);
}

/** What the instance gives; of one that gives nothing, what its last node shows. */
function previewsOf(
  outputs: Instance["outputs"],
  nodes: readonly string[],
  runs: RunState["nodes"],
): NodeRun["previews"] {
  const given = Object.entries(outputs).flatMap(([name, [source]]) => {
    const preview = source && runs[source.node]?.previews?.[source.port];
    return preview ? [[name, preview] as const] : [];
  });
  if (given.length || Object.keys(outputs).length) return Object.fromEntries(given);
  const last = nodes.findLast((id) => Object.keys(runs[id]?.previews ?? {}).length > 0);
  return last === undefined ? {} : runs[last]?.previews;
}

function pick<K extends keyof NodeRun>(run: Partial<NodeRun>, names: readonly K[]): Partial<Pick<NodeRun, K>> {
  return Object.fromEntries(names.flatMap((name) => (run[name] === undefined ? [] : [[name, run[name]]]))) as Partial<
    Pick<NodeRun, K>
  >;
}

/** Whether nothing of it changed: its parts are the same objects. */
function isSame(before: NodeRun | undefined, now: NodeRun): boolean {
  if (!before) return false;
  const { previews, warnings, ...others } = now;
  const { previews: previewsBefore, warnings: warningsBefore, ...othersBefore } = before;
  const names = new Set([...Object.keys(others), ...Object.keys(othersBefore)]) as Set<keyof typeof others>;
  return (
    [...names].every((name) => others[name] === othersBefore[name]) &&
    isSameTable(previewsBefore, previews) &&
    warningsBefore?.join() === warnings?.join()
  );
}

function isSameTable(before: object = {}, now: object = {}): boolean {
  const [entriesBefore, entries] = [new Map(Object.entries(before)), Object.entries(now)];
  return entriesBefore.size === entries.length && entries.every(([name, value]) => entriesBefore.get(name) === value);
}
