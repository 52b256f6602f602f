/**
 * The peak memory of a contrastive step on a batch of 4,096, encoded in chunks.
 * `npm run bench:large-batch -- [batch] [chunk]`
 */
import { random } from "#models/random";
import { clip, emojiClip } from "./models";
import { normals, stepperFor, tokenIds } from "./trainings";

const batch = Number(process.argv[2] ?? 4096);
const chunk = Number(process.argv[3] ?? 128);
const base = process.resourceUsage().maxRSS;
const draw = random("bench");
const { size } = emojiClip.image;
const stepper = stepperFor(clip(emojiClip), batch, chunk);
const feeds = new Map([
  ["pixels.pixels", normals(draw, [batch, 3, size, size])],
  ["ids.ids", tokenIds(draw, [batch, emojiClip.text.length])],
]);
const times: number[] = [];
let loss = 0;
for (let step = 1; step <= 2; step++) {
  const start = performance.now();
  loss = (await stepper.step([feeds], 1e-3, step)).loss as number;
  times.push((performance.now() - start) / 1000);
}
const peak = process.resourceUsage().maxRSS;
console.log(
  JSON.stringify({
    bench: "large-batch",
    batch,
    chunk,
    loss: Number(loss.toFixed(3)),
    secondsPerStep: Number((times[1] as number).toFixed(1)),
    peakMiB: Math.round(peak / 1024),
    abovePlainProcessMiB: Math.round((peak - base) / 1024),
    goalMiB: 4096,
  }),
);
process.exit(0);
