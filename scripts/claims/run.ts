/** Trains an arm with a seed, as a trial of a sweep, and measures it. */
import type { Series } from "#nodes/core/values";
import type { GraphDocument } from "#nodes/graph/document";
import { madeAt, placeNamed } from "#nodes/graph/sweep";
import { openEngine } from "#server/cli/engine";
import { hasRows, isStoredRows, readAllRows } from "#server/runtime/rows";
import type { Blobs } from "#server/storage/blobs";
import { runTrials, type RunTrial } from "#server/sweeps/headless";
import type { Arm, Experiment, Measure, Run } from "./experiment";
import { armAssignment, armGraph } from "./graph";

/** Opened once: it listens for interruptions. */
const engine = openEngine({ provider: "cpu", json: true });

/** So many numbers are kept of a training's loss. */
const lossParts = 40;

export async function runArm(experiment: Experiment, name: string, arm: Arm, seed: number): Promise<Run> {
  const { trainer = "trainer" } = experiment;
  const places = Object.values(experiment.measures).flatMap((measure) =>
    typeof measure === "string" ? [measure] : measure.of,
  );
  const [first = "", ...others] = places;
  const graph = armGraph(experiment, arm);
  const also = [...new Set([first, ...others].map((place) => makerOf(graph, place)).concat(trainer))];
  const trials = [armAssignment(experiment, arm, seed)];
  const { node, param: port } = placeNamed(first);
  for await (const { trial, outputs } of runTrials(
    graph,
    { metric: { node, port, goal: "max" }, also },
    trials,
    engine,
  )) {
    if (trial.status !== "done")
      throw new Error(`“${name}” with seed ${seed} ended with “${trial.status}”: ${trial.error?.message}`);
    const given = { graph, outputs, blobs: engine.blobs };
    const loss = await lossIn(given, trainer);
    return { arm: name, seed, measures: await measuresOf(experiment, given), loss: inParts(loss), steps: loss.length };
  }
  throw new Error(`“${name}” was interrupted.`);
}

/** The node that makes a value, where need be inside of a composite. */
function makerOf(graph: GraphDocument, place: string): string {
  const { node, param: port } = placeNamed(place);
  return madeAt(graph, { node, port }).node;
}

interface Given {
  graph: GraphDocument;
  outputs: RunTrial["outputs"];
  blobs: Blobs;
}

async function measuresOf({ measures }: Experiment, given: Given): Promise<Record<string, number>> {
  const found: [string, number][] = [];
  for (const [name, measure] of Object.entries(measures)) found.push([name, rounded(await measured(measure, given))]);
  return Object.fromEntries(found);
}

async function measured(measure: Measure, given: Given): Promise<number> {
  if (typeof measure === "string") return Number(await valueAt(given, measure));
  const values: unknown[] = [];
  for (const place of measure.of) values.push(await valueAt(given, place));
  return measure.by(...values);
}

/** What a node gave, tensors and texts with all their rows. */
async function valueAt({ graph, outputs, blobs }: Given, place: string): Promise<unknown> {
  const { node, param: port } = placeNamed(place);
  const made = madeAt(graph, { node, port });
  const output = outputs[made.node]?.[made.port];
  if (!output) throw new Error(`The run gave no “${place}”.`);
  const { type, value } = output;
  return hasRows(type) && (type === "tensor" || isStoredRows(value)) ? readAllRows(type, value, blobs) : value;
}

async function lossIn(given: Given, trainer: string): Promise<number[]> {
  const { lines } = (await valueAt(given, `${trainer}.curve`)) as Series;
  const loss = lines.find(({ name }) => name === "loss")?.values ?? [];
  return loss.flatMap((value) => value ?? []);
}

/** Means of equally many steps each. */
function inParts(values: readonly number[]): number[] {
  const count = Math.min(lossParts, values.length);
  return Array.from({ length: count }, (_, part) => {
    const steps = values.slice((part * values.length) / count, ((part + 1) * values.length) / count);
    return rounded(steps.reduce((sum, value) => sum + value, 0) / steps.length);
  });
}

const rounded = (value: number): number => Number(value.toPrecision(5));
