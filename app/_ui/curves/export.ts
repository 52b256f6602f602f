/** Curves as files: all their points as CSV, what is drawn as a picture. */
import type uPlot from "uplot";
import { themed } from "../theme";
import { bucketAxis } from "./buckets";
import { type DrawnRun, linesIn, wholeSpan } from "./drawn";

/** A line for each point: run, place on the axis, value as it was and smoothed. */
export function curvesAsCsv(drawn: readonly DrawnRun[], axis: string): string {
  const rows = drawn.flatMap(({ run, curve, raw, smooth }) =>
    raw.x.map((x, i) => [run.label, run.id, curve.name, x, raw.y[i], smooth.y[i]].map(csvCell).join(",")),
  );
  return [["run", "id", "line", axis, "value", "smoothed"].join(","), ...rows, ""].join("\r\n");
}

function csvCell(value: string | number | undefined): string {
  const text = String(value ?? "");
  // A text that a spreadsheet would compute is written as text.
  const safe = typeof value === "string" && /^[=+\-@]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const [width, height, edge] = [960, 420, 56];

/** The smoothed lines with axes and names, over the whole axis. */
export function curvesAsSvg(
  drawn: readonly DrawnRun[],
  { label, logX, logY }: { label: string; logX: boolean; logY: boolean },
): string {
  const span = wholeSpan(drawn, logX);
  if (!span) return "";
  const { lines } = linesIn(drawn, span, width - 2 * edge, false);
  const x = bucketAxis(span, width - 2 * edge);
  const values = lines.flatMap(({ smooth }) => smooth.filter((y) => y !== null && (!logY || y > 0)) as number[]);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const across = scale(span.from, span.to, edge, width - edge, logX);
  const up = scale(low, high > low ? high : low + 1, height - edge, edge / 2, logY);
  const paths = lines.map(({ smooth }, i) => {
    const points = smooth.flatMap((y, j) => (y === null || (logY && y <= 0) ? [] : [`${across(x[j] ?? 0)},${up(y)}`]));
    return `<polyline points="${points.join(" ")}" stroke="${themed(drawn[i]?.run.colour ?? "")}"/>`;
  });
  const names = drawn.map(({ run }, i) => {
    const y = height + 14 + 16 * i;
    return `<rect x="${edge}" y="${y - 9}" width="10" height="10" fill="${themed(run.colour)}"/>
<text x="${edge + 16}" y="${y}">${escaped(run.label)}</text>`;
  });
  const texts = [
    `<text x="${edge}" y="${height - edge + 18}">${short(span.from)}</text>`,
    `<text x="${width - edge}" y="${height - edge + 18}" text-anchor="end">${short(span.to)} ${escaped(label)}</text>`,
    `<text x="${edge - 6}" y="${height - edge}" text-anchor="end">${short(low)}</text>`,
    `<text x="${edge - 6}" y="${edge / 2 + 10}" text-anchor="end">${short(high)}</text>`,
  ];
  const full = height + 24 + 16 * drawn.length;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${full}" font-family="system-ui" font-size="12">
<rect width="${width}" height="${full}" fill="white"/>
<path d="M${edge} ${edge / 2}V${height - edge}H${width - edge}" fill="none" stroke="#999"/>
<g fill="none" stroke-width="1.5" stroke-linejoin="round">${paths.join("\n")}</g>
<g fill="#333">${[...texts, ...names].join("\n")}</g>
</svg>`;
}

function scale(from: number, to: number, start: number, end: number, isLog: boolean): (value: number) => string {
  const place = (value: number) => (isLog ? Math.log(value) : value);
  const [low, high] = [place(from), place(to)];
  return (value) => (start + ((place(value) - low) / (high - low)) * (end - start)).toFixed(1);
}

const short = (value: number): string => String(Number(value.toPrecision(4)));
const escaped = (text: string): string => text.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** What the plot shows now, on the page's ground. */
export function plotAsPng(plot: uPlot): Promise<Blob | null> {
  const { canvas } = plot.ctx;
  const copy = document.createElement("canvas");
  copy.width = canvas.width;
  copy.height = canvas.height;
  const context = copy.getContext("2d");
  if (!context) return Promise.resolve(null);
  context.fillStyle = themed("--surface");
  context.fillRect(0, 0, copy.width, copy.height);
  context.drawImage(canvas, 0, 0);
  return new Promise((done) => copy.toBlob(done, "image/png"));
}
