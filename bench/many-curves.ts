/**
 * What 50 curves of 10,000 points cost a frame of the comparison of runs, before uPlot draws them: the buckets that a
 * plot of so many pixels has, while somebody moves along the axis. CPU time, since a machine that does other work
 * besides slows the clock. `npm run bench:curves -- [runs] [points] [pixels]`.
 */
import { drawnRuns, linesIn, type ShownRun } from "../app/_ui/curves/drawn";
import { random } from "#models/random";

const [count = 50, points = 10_000, pixels = 1200] = process.argv.slice(2).map(Number);
const frames = 120;

const draw = random("curves");
const runs = Array.from({ length: count }, (_, i): ShownRun => {
  return { id: `${i}`, label: `run ${i}`, colour: "--accent", going: false };
});
const curves = runs.map(() => {
  let level = 4;
  const x = Array.from({ length: points }, (_, i) => i + 1);
  const y = x.map(() => (level = level * 0.9997 + 0.02 * draw.normal()));
  return [{ name: "trainer · loss", label: "step", x, y }];
});

const smoothing = cpuOf(() => drawnRuns(runs, curves, "trainer · loss", { axis: "step", smoothing: 0.6 }));
const drawn = drawnRuns(runs, curves, "trainer · loss", { axis: "step", smoothing: 0.6 });
let frame = 0;
const moving = cpuOf(() => {
  const from = 1 + (frame++ / frames) * points * 0.4;
  linesIn(drawn, { from, to: from + points / 2, isLog: false }, pixels, true);
}, frames);

console.log(
  JSON.stringify({
    bench: "curves",
    ...{ count, points, pixels },
    smoothMs: Number(smoothing.toFixed(1)),
    frameMs: Number(moving.toFixed(2)),
    frameHas: 16.7,
  }),
);

/** Milliseconds of CPU that a call takes, after some that warm it up. */
function cpuOf(work: () => void, times = 10): number {
  for (let i = 0; i < 5; i++) work();
  const before = process.cpuUsage();
  for (let i = 0; i < times; i++) work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / times;
}
