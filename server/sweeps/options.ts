import * as z from "zod";
import type { GraphDocument } from "#nodes/graph/document";
import { definitionOf } from "#nodes/graph/resolve";
import { goalFor, parseValues, type SweepAxis, type SweepSpec, sweepLimits, sweepSpec } from "#nodes/graph/sweep";
import { registry } from "#nodes/registry.gen";
import { Usage } from "../usage";

export interface SweepOptions {
  grid: string[];
  random: string[];
  metric: string;
  goal?: string;
  count?: string;
  seed: string;
}

/**
 * How a sweep is written on the command line. With a range or a count, values are drawn at random; else every
 * combination is run.
 */
export function readSweepOptions(
  { grid, random, metric, goal, count, seed }: SweepOptions,
  document: GraphDocument,
): SweepSpec {
  const axes = [...grid.map(list), ...random.map(range)];
  if (!axes.length)
    throw new Usage("A sweep varies something: give --grid NODE.PARAM=V1,V2 or --random NODE.PARAM=MIN..MAX.");
  const [, node = "", port = "", line] = /^([^.:]+)\.([^.:]+)(?::(.+))?$/.exec(metric) ?? [];
  if (!port) throw new Usage(`--metric takes NODE.PORT or NODE.PORT:LINE, and “${metric}” is something else.`);
  const definition = definitionOf(document, node, registry);
  const spec = sweepSpec.safeParse({
    mode: random.length || count !== undefined ? "random" : "grid",
    axes,
    count: count === undefined ? undefined : number(count),
    seed: number(seed),
    metric: { node, port, line, goal: goal ?? goalFor(definition?.outputs[port]?.type) },
  });
  if (spec.success) return spec.data;
  const [issue] = spec.error.issues;
  throw new Usage(refusals[String(issue?.path[0])] ?? `${z.core.toDotPath(issue?.path ?? [])}: ${issue?.message}.`);
}

const refusals: Record<string, string> = {
  count: `--count is a whole number from 1 to ${sweepLimits.runs}.`,
  seed: "--seed is a whole number from 0.",
  metric: "--goal is max or min.",
  axes: `A sweep varies up to ${sweepLimits.axes} parameters, each with 1 to ${sweepLimits.values} values.`,
};
const number = (text: string): number => (text.trim() === "" ? Number.NaN : Number(text));

function list(text: string): SweepAxis {
  const [, node, param, values] = /^([^.=]+)\.([^.=]+)=(.+)$/s.exec(text) ?? [];
  if (!node || !param || !values) {
    throw new Usage(`--grid takes NODE.PARAM=V1,V2, and “${text}” is something else.`);
  }
  return { node, param, values: parseValues(values) };
}

function range(text: string): SweepAxis {
  const [, node, param, min, max, log] = /^([^.=]+)\.([^.=]+)=(.+?)\.\.(.+?)(:log)?$/.exec(text) ?? [];
  if (!node || !param || !min || !max || !Number.isFinite(number(min)) || !Number.isFinite(number(max)))
    throw new Usage(`--random takes NODE.PARAM=MIN..MAX or NODE.PARAM=MIN..MAX:log, and “${text}” is something else.`);
  return { node, param, min: number(min), max: number(max), scale: log ? "log" : "linear" };
}
