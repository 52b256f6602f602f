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

const drawnPoints = 240;

/** The lines of a run's series: of its result, or while it goes on, of what its trainings told so far. */
export async function curvesOf(db: Db, runId: string): Promise<Curve[]> {
  const run = await db.run.findUnique({ where: { id: runId }, select: { result: true } });
  const { outputs } = (run?.result ?? {}) as { outputs?: Outputs };
  const all = outputs ? seriesIn(outputs) : await seriesTold(db, runId);
  return all.flatMap(({ node, series }) => series.lines.map((line) => curveOf(node, series.x, line)));
}

type Outputs = Record<string, Record<string, { type: string; value: unknown }>>;
interface NodeSeries {
  node: string;
  series: Series;
}

function seriesIn(outputs: Outputs): NodeSeries[] {
  return Object.entries(outputs).flatMap(([node, ports]) =>
    Object.values(ports).flatMap(({ type, value }) => (type === "series" ? [{ node, series: value as Series }] : [])),
  );
}

function curveOf(node: string, x: Series["x"], { name, values }: Series["lines"][number]): Curve {
  // A line may have values at some steps only, such as a metric that is measured at intervals.
  const present = thinned(values.flatMap((value, i) => (value === null ? [] : [i])));
  return {
    name: `${node} · ${name}`,
    label: x.label,
    x: present.map((i) => x.values[i] as number),
    y: present.map((i) => values[i] as number),
  };
}

/** Some of a list, evenly spaced, the last one among them. */
function thinned(list: readonly number[]): number[] {
  const stride = Math.max(1, Math.ceil(list.length / drawnPoints));
  return list.filter((_, i) => (list.length - 1 - i) % stride === 0);
}

/**
 * Series out of a run's metric events. A point of some step makes those of later steps void: the training was resumed.
 */
async function seriesTold(db: Db, runId: string): Promise<NodeSeries[]> {
  const points = new Map<string, Point[]>();
  for (const point of await eventsOf(db, runId, "metric")) {
    const list = points.get(point.node) ?? [];
    while ((list.at(-1)?.step ?? 0) >= point.step) list.pop();
    list.push(point);
    points.set(point.node, list);
  }
  return [...points].map(([node, list]) => ({ node, series: seriesOf(list) }));
}

function seriesOf(points: readonly Point[]): Series {
  const names = new Set(points.flatMap(({ values }) => Object.keys(values)));
  return {
    x: { label: "step", values: points.map(({ step }) => step) },
    lines: [...names].map((name) => ({ name, values: points.map(({ values }) => values[name] ?? null) })),
  };
}
