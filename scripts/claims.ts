/**
 * The experiments of docs/systems, in small: `npm run claims -- SYSTEM [EXPERIMENT] [SEEDS]` trains each arm of a
 * system's experiments with the seeds 0, 1 and 2, one run after the other, and prints what they gave. What is there
 * already is not run again: results lie in docs/systems/claims, of which `npm run gen` makes tables and charts.
 */
import { usingCache } from "#server/cli/engine";
import type { Experiment } from "./claims/experiment";
import { keepRun, validRuns } from "./claims/results";
import { runArm } from "./claims/run";
import { experimentsOf, systems } from "./claims/systems";
import { tableOf } from "./claims/tables";

// One thread each: an experiment gives the same numbers on any machine.
process.env.PATCHBAY_THREADS = "1";
const [system, experiment, seeds = "0,1,2"] = process.argv.slice(2);

await usingCache(runClaims)(system ? [system] : Object.keys(systems), experiment, seeds.split(",").map(Number));

async function runClaims(names: readonly string[], only: string | undefined, all: readonly number[]): Promise<void> {
  const asked = names.flatMap((name) => Object.entries(experimentsOf(name)));
  const chosen = asked.filter(([id]) => !only || id === only);
  if (!chosen.length) throw new Error(`There is no “${only}”: ${asked.map(([id]) => id).join(", ")} are known.`);
  // Seed after seed, so that each experiment has an answer early.
  for (const seed of all) {
    for (const [id, each] of chosen) await runSeed(id, each, seed);
  }
  for (const [id, each] of chosen) console.log(`\n${id}: ${each.expects}\n\n${tableOf(each, validRuns(id, each))}`);
}

async function runSeed(id: string, experiment: Experiment, seed: number): Promise<void> {
  for (const [name, arm] of Object.entries(experiment.arms)) {
    if (validRuns(id, experiment).some((run) => run.arm === name && run.seed === seed)) continue;
    const start = performance.now();
    const run = await runArm(experiment, name, arm, seed);
    keepRun(id, experiment, run);
    const measures = Object.entries(run.measures).map(([measure, value]) => `${measure} ${value}`);
    const seconds = ((performance.now() - start) / 1000).toFixed(0);
    console.log(`${id}  ${name}, seed ${seed}: ${measures.join(", ")} (${seconds} s)`);
  }
}
