/** What the claims' runs gave, as tables for docs/systems/llava-onevision.md and as curves of the loss. */
import { percent, type Measured } from "./results";

/** The runs of an arm, one a seed. */
export interface ArmRuns {
  arm: string;
  runs: readonly Measured[];
}

/** Markdown: of each kind of question the mean of the seeds, and the least and the most of them. */
export function tableOf(arms: readonly ArmRuns[]): string {
  const kinds = [...new Set(arms.flatMap(({ runs }) => runs.flatMap((run) => Object.keys(run.kinds))))].sort();
  const head = ["", "all", ...kinds, "loss, first half", "loss, last tenth"];
  const rows = arms.map(({ arm, runs }) => [
    arm,
    spread(runs.map(({ score }) => score)),
    ...kinds.map((kind) => spread(runs.map((run) => run.kinds[kind] ?? 0))),
    mean(runs.map(({ loss }) => mean(loss.slice(0, loss.length / 2)))).toFixed(2),
    mean(runs.map(({ loss }) => mean(loss.slice(-loss.length / 10)))).toFixed(2),
  ]);
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function spread(shares: readonly number[]): string {
  const [least, most] = [Math.min(...shares), Math.max(...shares)];
  return `${percent(mean(shares))} (${percent(least).slice(0, -2)}–${percent(most).slice(0, -2)})`;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

const colours = ["#2f6fdf", "#d9622b", "#2a9d5c"];
const [width, height, margin] = [360, 220, 34] as const;

/** The loss of each arm by step: the mean of its seeds, smoothed. */
export function curvesOf(title: string, arms: readonly ArmRuns[]): string {
  const lines = arms.map(({ arm, runs }) => ({ arm, values: smooth(meanCurve(runs.map(({ loss }) => loss))) }));
  const steps = Math.max(...lines.map(({ values }) => values.length));
  const most = Math.max(...lines.flatMap(({ values }) => values));
  const x = (step: number) => margin + (step / steps) * (width - margin - 8);
  const y = (loss: number) => height - margin - (loss / most) * (height - margin - 28);
  const text = (left: number, top: number, content: string, fill = "#777") =>
    `<text x="${left}" y="${top}" fill="${fill}">${content}</text>`;
  const drawn = lines.flatMap(({ arm, values }, i) => [
    `<polyline fill="none" stroke="${colours[i]}" points="${values
      .map((loss, step) => `${x(step + 1).toFixed(1)},${y(loss).toFixed(1)}`)
      .join(" ")}"/>`,
    text(width - 130, 30 + 14 * i, arm, colours[i]),
  ]);
  const axes = [
    `<path d="M${margin} 24V${height - margin}H${width - 8}" fill="none" stroke="#999"/>`,
    text(4, 30, most.toFixed(1)),
    text(4, height - margin, "0"),
    text(width - 60, height - margin + 16, `${steps} steps`),
    text(margin, 16, title),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">`,
    ...axes,
    ...drawn,
    "</svg>\n",
  ].join("\n");
}

const meanCurve = (curves: readonly (readonly number[])[]): number[] =>
  (curves[0] ?? []).map((_, step) => mean(curves.map((curve) => curve[step] ?? 0)));

function smooth(values: readonly number[]): number[] {
  let last = values[0] ?? 0;
  return values.map((value) => {
    last = 0.8 * last + 0.2 * value;
    return last;
  });
}
