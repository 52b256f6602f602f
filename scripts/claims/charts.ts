/** Charts of experiments as SVG: a measure over what the arms differ in, or the loss by step. */
import type { Experiment, Run } from "./experiment";
import { armsWithRuns, mean, valuesOf } from "./tables";

const colours = ["#2f6fdf", "#d9622b", "#2a9d5c", "#8e44ad", "#b8860b", "#c0392b"];
const [width, height, margin] = [400, 240, 40] as const;
const bottom = height - margin;

export function chartOf(id: string, experiment: Experiment, runs: readonly Run[]): string {
  const body = experiment.chart
    ? measureChart(id, experiment, experiment.chart, runs)
    : lossChart(`${id.toUpperCase()}: loss`, armsWithRuns(experiment, runs));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">`,
    ...body,
    "</svg>\n",
  ].join("\n");
}

interface Point {
  x: string;
  values: number[];
}

/** The mean of the seeds at each x, with a bar from the least to the most; a line for each name of a line. */
function measureChart(
  id: string,
  { arms }: Experiment,
  { measure, x: axis }: { measure: string; x: string },
  runs: readonly Run[],
): string[] {
  const drawnArms = Object.values(arms).filter(({ x }) => x !== undefined);
  const places = [...new Set(drawnArms.flatMap(({ x }) => x ?? []))];
  const names = [...new Set(drawnArms.map(({ line = "" }) => line))];
  const lines = names.map((name) => ({ name, points: pointsOf(arms, name, measure, runs) }));
  const most = Math.max(...lines.flatMap(({ points }) => points.flatMap(({ values }) => values)), 1e-9);
  const left = (x: string) => margin + ((places.indexOf(x) + 0.5) / places.length) * (width - margin - 8);
  const top = (value: number) => bottom - (value / most) * (bottom - 44);
  const drawn = lines.flatMap(({ name, points }, i) => {
    const colour = colours[i] ?? "#555";
    const marks = points.flatMap(({ x, values }) => {
      const [least, largest] = [top(Math.min(...values)), top(Math.max(...values))].map((y) => y.toFixed(1));
      const place = (left(x) + 3 * i).toFixed(1);
      return [
        `<path d="M${place} ${least}V${largest}" stroke="${colour}"/>`,
        `<circle cx="${place}" cy="${top(mean(values)).toFixed(1)}" r="3" fill="${colour}"/>`,
      ];
    });
    const path = points.map(({ x, values }) => `${(left(x) + 3 * i).toFixed(1)},${top(mean(values)).toFixed(1)}`);
    return [
      `<polyline fill="none" stroke="${colour}" points="${path.join(" ")}"/>`,
      ...marks,
      label(margin + 6 + 100 * i, 32, name, colour),
    ];
  });
  const ticks = places.map((place) => label(left(place) - 3 * place.length, bottom + 16, place));
  return [
    ...axesOf(`${id.toUpperCase()}: ${measure}`, shareOf(most)),
    ...ticks,
    label(width - 8 - 6 * axis.length, height - 6, axis),
    ...drawn,
  ];
}

function pointsOf(arms: Experiment["arms"], name: string, measure: string, runs: readonly Run[]): Point[] {
  const ofLine = Object.entries(arms).filter(([, { x, line = "" }]) => x !== undefined && line === name);
  const points = ofLine.map(([arm, { x = "" }]) => ({
    x,
    values: valuesOf(
      runs.filter((run) => run.arm === arm),
      measure,
    ),
  }));
  return points.filter(({ values }) => values.length);
}

/** The loss of each arm by step: the mean of its seeds. */
function lossChart(title: string, arms: readonly { arm: string; its: readonly Run[] }[]): string[] {
  const lines = arms.map(({ arm, its }) => ({ arm, values: meanCurve(its.map(({ loss }) => loss)) }));
  const steps = Math.max(...arms.flatMap(({ its }) => its.map((run) => run.steps)));
  const most = Math.max(...lines.flatMap(({ values }) => values), 1e-9);
  const drawn = lines.flatMap(({ arm, values }, i) => {
    const x = (part: number) => margin + ((part + 0.5) / values.length) * (width - margin - 8);
    const y = (loss: number) => bottom - (Math.max(0, loss) / most) * (bottom - 28);
    const points = values.map((loss, part) => `${x(part).toFixed(1)},${y(loss).toFixed(1)}`).join(" ");
    return [
      `<polyline fill="none" stroke="${colours[i]}" points="${points}"/>`,
      label(width - 170, 30 + 14 * i, arm, colours[i]),
    ];
  });
  return [...axesOf(title, most.toFixed(1)), label(width - 60, bottom + 16, `${steps} steps`), ...drawn];
}

function axesOf(title: string, most: string): string[] {
  return [
    `<path d="M${margin} 24V${bottom}H${width - 8}" fill="none" stroke="#999"/>`,
    label(2, 46, most),
    label(2, bottom, "0"),
    label(margin, 16, title),
  ];
}

function label(x: number, y: number, content: string, fill = "#777"): string {
  const text = content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${x.toFixed(1)}" y="${y}" fill="${fill}">${text}</text>`;
}

const shareOf = (value: number): string => `${(100 * value).toFixed(0)} %`;

function meanCurve(curves: readonly (readonly number[])[]): number[] {
  const known = curves.filter(({ length }) => length);
  return (known[0] ?? []).map((_, part) => mean(known.map((curve) => curve[part] ?? 0)));
}
