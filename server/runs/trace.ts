/** A run as a file for chrome://tracing and ui.perfetto.dev: when each node was computed, and the memory meanwhile. */
import type { TimedEvent } from "#nodes/graph/events";
import type { Db } from "../db";
import { readable } from "../graphs/checked";
import { titleIn } from "../graphs/ready";
import { resolve } from "#nodes/graph/resolve";
import { registry } from "#nodes/registry.gen";

/** An event of the Trace Event Format; times are microseconds. */
interface TraceEvent {
  name: string;
  ph: "X" | "C" | "i" | "M";
  ts: number;
  pid: number;
  tid: number;
  dur?: number;
  s?: "p";
  cat?: string;
  args?: Record<string, unknown>;
}

export interface Trace {
  displayTimeUnit: "ms";
  traceEvents: TraceEvent[];
}

/** Nothing where there is no such run. */
export async function traceOf(db: Db, id: string): Promise<Trace | undefined> {
  const run = await db.run.findUnique({ where: { id }, select: { name: true, document: true } });
  if (!run) return undefined;
  const stored = await db.runEvent.findMany({ where: { runId: id }, orderBy: { id: "asc" } });
  const events = stored.map(({ data, createdAt }): TimedEvent => {
    const event = data as unknown as TimedEvent;
    return { ...event, at: event.at ?? createdAt.getTime() };
  });
  const { flat } = resolve(readable(run.document).document, registry);
  return traceFrom(events, (node) => titleIn(flat.document, node), run.name);
}

interface Span {
  node: string;
  start: number;
  end: number;
}

export function traceFrom(events: readonly TimedEvent[], titleOf: (node: string) => string, name: string): Trace {
  const micros = ({ at = 0 }: TimedEvent): number => at * 1000;
  const traceEvents: TraceEvent[] = [
    { name: "process_name", ph: "M", ts: 0, pid: 1, tid: 0, args: { name } },
    ...spanEvents(spansIn(events), titleOf),
  ];
  for (const event of events) {
    const place = { ts: micros(event), pid: 1, tid: 0 };
    if (event.kind === "memory")
      traceEvents.push({ name: "memory", ph: "C", ...place, args: { MiB: Math.round(event.bytes / 2 ** 20) } });
    if (event.kind === "metric")
      traceEvents.push({ name: `${titleOf(event.node)} curve`, ph: "C", ...place, args: event.values });
    if (event.kind === "status")
      traceEvents.push({ name: event.status, ph: "i", s: "p", ...place, args: { attempt: event.attempt } });
    if (event.kind === "warning")
      traceEvents.push({ name: "warning", ph: "i", s: "p", ...place, args: { message: event.message } });
  }
  return { displayTimeUnit: "ms", traceEvents };
}

/** When nodes were computed: from their start until they were done, failed, or the run ended. */
function spansIn(events: readonly TimedEvent[]): Span[] {
  const open = new Map<string, number>();
  const spans: Span[] = [];
  const close = (node: string, end: number) => {
    const start = open.get(node);
    if (start !== undefined) spans.push({ node, start, end });
    open.delete(node);
  };
  for (const event of events) {
    const { at = 0 } = event;
    if (event.kind === "node-start") open.set(event.node, at);
    if (event.kind === "node-done" || event.kind === "node-failed") close(event.node, at);
    if (event.kind === "status") for (const node of [...open.keys()]) close(node, at);
  }
  return spans.sort((a, b) => a.start - b.start);
}

/** Spans on as few lines as needed, so that none of a line overlap. */
function spanEvents(spans: readonly Span[], titleOf: (node: string) => string): TraceEvent[] {
  const lineEnds: number[] = [];
  return spans.map(({ node, start, end }) => {
    const free = lineEnds.findIndex((lineEnd) => lineEnd <= start);
    const line = free < 0 ? lineEnds.length : free;
    lineEnds[line] = end;
    const times = { ts: start * 1000, dur: (end - start) * 1000 };
    return { name: titleOf(node), cat: "node", ph: "X", pid: 1, tid: line + 1, ...times, args: { node } };
  });
}
