/** What an experiment's runs gave, as a table in Markdown. */
import type { Experiment, Run } from "./experiment";

/** Of each measure the mean of the seeds, and the least and the most of them. */
export function tableOf(experiment: Experiment, runs: readonly Run[]): string {
  const names = Object.keys(experiment.measures);
  const head = ["", ...names, "loss, first half", "loss, last tenth", "runs"];
  const rows = armsWithRuns(experiment, runs).map(({ arm, its }) => [
    arm,
    ...names.map((name) => spread(valuesOf(its, name), experiment.plain?.includes(name))),
    meanLoss(its, (loss) => loss.slice(0, Math.ceil(loss.length / 2))),
    meanLoss(its, (loss) => loss.slice(-loss.length / 10)),
    String(its.length),
  ]);
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

export function armsWithRuns(experiment: Experiment, runs: readonly Run[]): { arm: string; its: Run[] }[] {
  const arms = Object.keys(experiment.arms).map((arm) => ({ arm, its: runs.filter((run) => run.arm === arm) }));
  return arms.filter(({ its }) => its.length);
}

export const valuesOf = (runs: readonly Run[], measure: string): number[] =>
  runs.flatMap(({ measures }) => measures[measure] ?? []);

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function spread(values: readonly number[], isPlain = false): string {
  if (!values.length) return "–";
  const number = (value: number) => (isPlain ? plain(value) : (100 * value).toFixed(1));
  const unit = isPlain ? "" : " %";
  return `${number(mean(values))}${unit} (${number(Math.min(...values))}–${number(Math.max(...values))})`;
}

const plain = (value: number): string =>
  value < 1000 ? value.toPrecision(3) : Math.round(value).toLocaleString("en-US");

function meanLoss(runs: readonly Run[], part: (loss: readonly number[]) => number[]): string {
  const means = runs.filter(({ loss }) => loss.length).map(({ loss }) => mean(part(loss)));
  return means.length ? mean(means).toFixed(2) : "–";
}
