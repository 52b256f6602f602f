import type { Series } from "#nodes/core/values";
import type { RunEvent } from "#nodes/graph/events";
import type { Db } from "../db";
import { eventsOf } from "./events";

type Point = Extract<RunEvent, { kind: "metric" }>;
/** One line over its x axis, thinned to be drawn among others. */
export interface Curve {
  /** "node · line" */
  name: string;
  label: string;
  x: number[];
  y: number[];
}

const points = 240;

/** The lines of a run's series: of its result, or while it goes on, of what its trainings told so far. */
export async function curvesOf(db: Db, runId: string): Promise<Curve[]> {
  const run = await db.run.findUnique({ where: { id: runId }, select: { result: true } });
  const { outputs } = (run?.result ?? {}) as {
    outputs?: Record<string, Record<string, { type: string; value: unknown }>>;
  };
  const series =
    outputs &&
    Object.entries(outputs).flatMap(([node, ports]) =>
      Object.values(ports).flatMap(({ type, value }) => (type === "series" ? [[node, value as Series] as const] : [])),
    );
  return (series ?? (await told(db, runId))).flatMap(([node, { x, lines }]) =>
    lines.map(({ name, values }) => {
      // A line may have values at some steps only, such as a metric that is measured at intervals.
      const there = thinned(values.flatMap((v, i) => (v === null ? [] : [i])));
      return {
        name: `${node} · ${name}`,
        label: x.label,
        x: there.map((i) => x.values[i] as number),
        y: there.map((i) => values[i] as number),
      };
    }),
  );
}

/** Some of a list, evenly spaced, the last one among them. */
function thinned(list: readonly number[]): number[] {
  const stride = Math.max(1, Math.ceil(list.length / points));
  return list.filter((_, i) => (list.length - 1 - i) % stride === 0);
}

/** Series out of a run's metric events. A point of some step makes those of later steps void: the training was resumed. */
async function told(db: Db, runId: string): Promise<(readonly [string, Series])[]> {
  const nodes = new Map<string, Point[]>();
  for (const point of await eventsOf(db, runId, "metric")) {
    const list = nodes.get(point.node) ?? [];
    while ((list.at(-1)?.step ?? 0) >= point.step) list.pop();
    list.push(point);
    nodes.set(point.node, list);
  }
  return [...nodes].map(
    ([node, list]) =>
      [
        node,
        {
          x: { label: "step", values: list.map((p) => p.step) },
          lines: [...new Set(list.flatMap((p) => Object.keys(p.values)))].map((name) => ({
            name,
            values: list.map((p) => p.values[name] ?? null),
          })),
        },
      ] as const,
  );
}
