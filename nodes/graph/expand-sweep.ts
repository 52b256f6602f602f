import type * as z from "zod";
import { random } from "#models/random";
import { registry as everyNode } from "../registry.gen";
import type { GraphDocument } from "./document";
import { errorProblem, type Problem } from "./problem";
import type { Registry } from "./resolve";
import { settableAt } from "./settable";
import { type Assignment, type SweepAxis, type SweepSpec, sweepLimits } from "./sweep";
import { axisProblems, metricProblems, numberType, trialProblems } from "./sweep-problems";

/**
 * The runs of a sweep in the order in which they are queued, or what is wrong with it. Values are judged by the
 * schemas of the nodes they are for; whether shapes fit is left to each run.
 */
export function expandSweep(
  document: GraphDocument,
  spec: SweepSpec,
  registry: Registry = everyNode,
): { trials: Assignment[]; problems: Problem[] } {
  const problems = [
    ...metricProblems(document, spec, registry),
    ...spec.axes.flatMap((_, index) => axisProblems(document, spec, index, registry)),
  ];
  if (problems.length) return { trials: [], problems };
  const size = spec.mode === "grid" ? spec.axes.reduce((n, axis) => n * listedValues(axis).length, 1) : spec.count;
  if (size > sweepLimits.runs) return { trials: [], problems: [tooManyRuns(size)] };
  const trials = spec.mode === "grid" ? grid(spec.axes) : draws(document, spec, registry);
  const wrong = trials.flatMap((trial) => trialProblems(document, trial, registry).slice(0, 1));
  return wrong.length ? { trials: [], problems: wrong.slice(0, 5) } : { trials, problems };
}

function tooManyRuns(size: number): Problem {
  const [asked, limit] = [size, sweepLimits.runs].map((count) => count.toLocaleString("en"));
  return errorProblem(
    "too-large",
    `The sweep has ${asked} combinations; ${limit} is the limit.`,
    "Take fewer values, or draw some of the combinations at random.",
  );
}

/** The different values of a list. */
function listedValues(axis: SweepAxis): Assignment[string][] {
  return "values" in axis ? [...new Map(axis.values.map((value) => [JSON.stringify(value), value])).values()] : [];
}

/** Every combination; the last axis moves fastest. */
function grid(axes: readonly SweepAxis[]): Assignment[] {
  return axes.reduce<Assignment[]>(
    (trials, axis) =>
      trials.flatMap((trial) =>
        listedValues(axis).map((value) => ({ ...trial, [`${axis.node}.${axis.param}`]: value })),
      ),
    [{}],
  );
}

/**
 * Draws are keyed by seed, number and parameter: another axis, or a larger count, changes none of those that are
 * there. Equal draws count once.
 */
function draws(document: GraphDocument, { axes, count, seed }: SweepSpec, registry: Registry): Assignment[] {
  const trials = new Map<string, Assignment>();
  const integers = new Set(
    axes.filter(
      ({ node, param }) => numberType(settableAt(document, node, registry)?.params[param] as z.ZodType) === "integer",
    ),
  );
  for (let number = 0; trials.size < count && number < 20 * count; number++) {
    const trial = Object.fromEntries(
      axes.map((axis) => {
        const { node, param } = axis;
        const share = random(seed, "sweep", number, node, param).uniform();
        return [`${node}.${param}`, draw(axis, share, integers.has(axis))];
      }),
    );
    trials.set(JSON.stringify(trial), trial);
  }
  return [...trials.values()];
}

/** `share` in [0, 1) to a value of the axis; numbers that are not integers are rounded to four digits, as shown. */
function draw(axis: SweepAxis, share: number, integer: boolean): Assignment[string] {
  if ("values" in axis) return axis.values[Math.floor(share * axis.values.length)] as Assignment[string];
  const { min, max, scale } = axis;
  const between = (low: number, high: number) =>
    scale === "log" ? low * (high / low) ** share : low + (high - low) * share;
  // Half a step more at both ends makes the first and the last integer as likely as those between.
  const value = integer ? Math.round(between(min - 0.5, max + 0.5)) : Number(between(min, max).toPrecision(4));
  return Math.min(max, Math.max(min, value));
}
