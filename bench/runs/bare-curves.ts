/**
 * Curves drawn by uPlot with nothing around it: the wheel comes nearer, the line next to the pointer stands out. The
 * yardstick of `bench/runs.ts`.
 */
import uPlot from "uplot";

const { curves, width, height } = JSON.parse(document.getElementById("given")?.textContent ?? "{}") as {
  curves: number[][];
  width: number;
  height: number;
};
const steps = Array.from({ length: curves[0]?.length ?? 0 }, (_, step) => step + 1);
const plot = new uPlot(
  {
    width,
    height,
    legend: { show: false },
    scales: { x: { time: false } },
    cursor: { focus: { prox: 24 }, points: { show: false } },
    focus: { alpha: 0.2 },
    series: [{}, ...curves.map((_, i) => ({ stroke: `hsl(${(i * 30) % 360} 60% 50%)` }))],
  },
  [steps, ...curves],
  document.body,
);
plot.over.addEventListener("wheel", (event) => {
  event.preventDefault();
  const { min = 0, max = 0 } = plot.scales.x ?? {};
  const middle = plot.posToVal(plot.cursor.left ?? 0, "x");
  const nearer = 1.0015 ** event.deltaY;
  plot.setScale("x", { min: middle + ((min ?? 0) - middle) * nearer, max: middle + ((max ?? 0) - middle) * nearer });
});
