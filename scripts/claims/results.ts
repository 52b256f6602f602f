/**
 * What runs gave, as it is kept in docs/systems/claims: a file for each experiment, with what was set, of which tables
 * and charts are made.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { Assignment } from "#nodes/graph/sweep";
import { root } from "../installation.mjs";
import type { Arm, Experiment, Run } from "./experiment";

interface Kept {
  title: string;
  template: string;
  /** What was set in all arms, and in each. */
  set: Assignment;
  arms: Record<string, Assignment>;
  runs: Run[];
}

export const claimsFolder = "docs/systems/claims";

const fileOf = (id: string): string => `${root}/${claimsFolder}/${id}.json`;

/** All runs that are kept of an experiment's arms. */
export const keptRuns = (id: string): Run[] => readKept(id)?.runs ?? [];

/** Those of arms in which the same is set now: others are to be run again. */
export function validRuns(id: string, experiment: Experiment): Run[] {
  const kept = readKept(id);
  if (!kept || !isSame(kept.set, experiment.set) || kept.template !== experiment.template) return [];
  return kept.runs.filter(({ arm }) => {
    const known = experiment.arms[arm];
    return known && isSame(kept.arms[arm], known.set ?? {});
  });
}

/** Adds a run, in the order of arms and seeds. */
export function keepRun(id: string, experiment: Experiment, run: Run): void {
  const { title, template, set } = experiment;
  const names = Object.keys(experiment.arms);
  const others = validRuns(id, experiment).filter(({ arm, seed }) => arm !== run.arm || seed !== run.seed);
  const runs = [...others, run].sort((a, b) => names.indexOf(a.arm) - names.indexOf(b.arm) || a.seed - b.seed);
  mkdirSync(`${root}/${claimsFolder}`, { recursive: true });
  writeFileSync(fileOf(id), jsonOf({ title, template, set, arms: setByArm(experiment.arms), runs }));
}

const setByArm = (arms: Readonly<Record<string, Arm>>): Kept["arms"] =>
  Object.fromEntries(Object.entries(arms).map(([name, { set = {} }]) => [name, set]));

function readKept(id: string): Kept | undefined {
  return existsSync(fileOf(id)) ? (JSON.parse(readFileSync(fileOf(id), "utf8")) as Kept) : undefined;
}

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

/** A run a line, so that differences can be read. */
function jsonOf({ runs, ...head }: Kept): string {
  const lines = runs.map((run) => `    ${JSON.stringify(run)}`).join(",\n");
  return `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "runs": [\n${lines}\n  ]\n}\n`;
}
