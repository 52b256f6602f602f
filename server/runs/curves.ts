import type { Series } from "#nodes/core/values";
import type { TimedEvent } from "#nodes/graph/events";
import type { Db } from "../db";

/** One line over its x axis, thinned to be drawn among others. */
export interface Curve {
  /** "node · line" */
  name: string;
  label: string;
  x: number[];
  y: number[];
  /** The least and the most where each point of a thinned line stands for several. */
  min?: number[];
  max?: number[];
  /** When steps were told: seconds since the run began. */
  clock?: { steps: number[]; seconds: number[] };
  /** How many steps an epoch has, after each of these steps. */
  epochs?: { after: number; steps: number }[];
}

const fewPoints = 240;
const clockPoints = 400;

/**
 * The lines of a run's series: of its result, and where a training has none, of what it told so far. None has more
 * than so many points.
 */
export async function curvesOf(db: Db, runId: string, most = fewPoints): Promise<Curve[]> {
  const run = await db.run.findUnique({ where: { id: runId }, select: { result: true, startedAt: true } });
  const { outputs } = (run?.result ?? {}) as { outputs?: Outputs };
  const told = await toldOf(db, runId);
  const given = seriesIn(outputs ?? {});
  const givers = new Set(given.map(({ node }) => node));
  // A training that did not end gave none: what it told is its curve.
  const all = [...given, ...told.series.filter(({ node }) => !givers.has(node))];
  const start = run?.startedAt?.getTime() ?? 0;
  return all.flatMap(({ node, series }) => {
    const facts = { clock: told.clockOf(node, start), epochs: told.epochsOf(node) };
    return series.lines.map((line) => ({ ...curveOf(node, series.x, line, most), ...withoutMissing(facts) }));
  });
}

function withoutMissing<T extends object>(facts: T): T {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as T;
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

function curveOf(node: string, x: Series["x"], { name, values }: Series["lines"][number], most: number): Curve {
  // A line may have values at some steps only, such as a metric that is measured at intervals.
  const present = values.flatMap((value, i) => (value === null ? [] : [i]));
  const place = (i: number) => x.values[i] as number;
  const value = (i: number) => values[i] as number;
  const curve = { name: `${node} · ${name}`, label: x.label };
  const stride = Math.max(1, Math.ceil(present.length / most));
  if (stride === 1) return { ...curve, x: present.map(place), y: present.map(value) };
  const groups = grouped(present, stride);
  return {
    ...curve,
    x: groups.map((group) => place(group.at(-1) as number)),
    y: groups.map((group) => value(group.at(-1) as number)),
    min: groups.map((group) => Math.min(...group.map(value))),
    max: groups.map((group) => Math.max(...group.map(value))),
  };
}

/** A list in groups of equal size; the first one may be smaller, so that the last item ends one. */
function grouped(list: readonly number[], size: number): number[][] {
  const lead = list.length % size;
  const groups = lead ? [list.slice(0, lead)] : [];
  for (let i = lead; i < list.length; i += size) groups.push(list.slice(i, i + size));
  return groups;
}

type Point = Extract<TimedEvent, { kind: "metric" }>;
type Epochs = Extract<TimedEvent, { kind: "epochs" }>;

interface Told {
  series: NodeSeries[];
  clockOf(node: string, start: number): Curve["clock"];
  epochsOf(node: string): Curve["epochs"];
}

/**
 * What a run's trainings told. A point of some step makes those of later steps void: the training was resumed.
 */
async function toldOf(db: Db, runId: string): Promise<Told> {
  const rows = await db.$queryRaw<{ data: Point | Epochs; at: Date }[]>`select "data", "createdAt" as at from "RunEvent"
    where "runId" = ${runId}::uuid and "data"->>'kind' in ('metric', 'epochs') order by "id"`;
  const points = new Map<string, Required<Point>[]>();
  const epochs = new Map<string, Map<number, number>>();
  for (const { data, at } of rows) {
    if (data.kind === "epochs") {
      epochs.set(data.node, (epochs.get(data.node) ?? new Map<number, number>()).set(data.after, data.steps));
      continue;
    }
    const list = points.get(data.node) ?? [];
    while ((list.at(-1)?.step ?? 0) >= data.step) list.pop();
    list.push({ ...data, at: data.at ?? at.getTime() });
    points.set(data.node, list);
  }
  return {
    series: [...points].map(([node, list]) => ({ node, series: seriesOf(list) })),
    clockOf: (node, start) => clockOf(points.get(node) ?? [], start),
    epochsOf: (node) => {
      const known = epochs.get(node);
      return known && [...known].map(([after, steps]) => ({ after, steps })).sort((a, b) => a.after - b.after);
    },
  };
}

function clockOf(points: readonly Required<Point>[], start: number): Curve["clock"] {
  if (!points.length) return undefined;
  const stride = Math.max(1, Math.ceil(points.length / clockPoints));
  const some = points.filter((_, i) => i === 0 || (points.length - 1 - i) % stride === 0);
  const seconds = some.map(({ at }) => Math.max(0, (at - start) / 1000));
  return { steps: some.map(({ step }) => step), seconds };
}

function seriesOf(points: readonly Point[]): Series {
  const names = new Set(points.flatMap(({ values }) => Object.keys(values)));
  return {
    x: { label: "step", values: points.map(({ step }) => step) },
    lines: [...names].map((name) => ({ name, values: points.map(({ values }) => values[name] ?? null) })),
  };
}
