import { Command } from "commander";
import { expandSweep } from "#nodes/graph/expand-sweep";
import { trialText } from "#nodes/graph/sweep";
import { judgedTrials } from "#nodes/graph/sweep-problems";
import type { TrialResult } from "../sweeps/headless";
import { readSweepOptions, type SweepOptions } from "../sweeps/options";
import { setOption, withAssignments } from "./assignments";
import { openEngine, providerOption, usingCache } from "./engine";
import { openGraph } from "./graph-file";
import { graphArgument, repeatable } from "./options";
import { jsonOption, printJson, reportProblems, say } from "./output";

type Options = SweepOptions & { set: string[]; provider: string; json?: boolean };

export function sweepCommand(): Command {
  return new Command("sweep")
    .argument(...graphArgument)
    .addOption(repeatable("--grid <NODE.PARAM=V1,V2>", "values to take"))
    .addOption(repeatable("--random <NODE.PARAM=MIN..MAX[:log]>", "a range to draw from"))
    .option("--count <n>", "how many draws (20)")
    .option("--seed <n>", "of the draws", "0")
    .requiredOption("--metric <NODE.PORT[:LINE]>", "the output by which runs are compared")
    .option("--goal <max|min>", "which is better (max for a number, min for a series)")
    .addOption(setOption())
    .addOption(providerOption())
    .addOption(jsonOption())
    .description("Runs a graph with many values of its parameters, and says which does best.")
    .action(usingCache(sweepGraph));
}

async function sweepGraph(name: string, options: Options): Promise<void> {
  const opened = await openGraph(name);
  if (!opened.document) return reportProblems(opened.problems, options.json);
  const engine = openEngine(options);
  const document = await withAssignments(opened.document, options.set, engine.blobs);
  const spec = readSweepOptions(options, document);
  const { trials, problems } = expandSweep(document, spec);
  if (problems.length) return reportProblems(problems, options.json);
  for (const wrong of judgedTrials(document, spec, trials)) if (wrong) return reportProblems([wrong], options.json);
  const { runTrials } = await import("../sweeps/headless");
  const metric = `${spec.metric.node}.${spec.metric.port}`;
  const finished: TrialResult[] = [];
  for await (const { trial } of runTrials(document, spec, trials, engine)) {
    finished.push(trial);
    if (!options.json) sayTrial(trial, trials.length, metric);
  }
  const best = bestOf(finished, spec.metric.goal);
  const status = statusOf(finished, engine.signal);
  if (status !== "done") process.exitCode = 1;
  if (options.json) printJson({ status, metric: spec.metric, best: best ?? null, trials: finished });
  else if (!best) say(`${status}: no run gave ${metric}.`);
  else {
    const found = `${metric} = ${best.metric} with ${trialText(best.assignment)}`;
    say(`${status}: best of ${finished.length} is run ${best.number}, ${found}`);
  }
}

function sayTrial(trial: TrialResult, of: number, metric: string): void {
  const { number, status, ms, error, assignment } = trial;
  say(`${number} of ${of}: ${status} after ${(ms / 1000).toFixed(2)} s${error ? `: ${error.message}` : ""}`);
  if (trial.metric !== null) console.log(`${metric} = ${trial.metric} with ${trialText(assignment)}`);
}

function bestOf(trials: readonly TrialResult[], goal: "max" | "min"): TrialResult | undefined {
  const sign = goal === "min" ? 1 : -1;
  const measured = trials.filter(({ metric }) => metric !== null);
  return measured.sort((a, b) => (Number(a.metric) - Number(b.metric)) * sign)[0];
}

function statusOf(trials: readonly TrialResult[], signal: AbortSignal): TrialResult["status"] {
  if (signal.aborted) return "cancelled";
  return trials.some(({ status }) => status === "failed") ? "failed" : "done";
}
