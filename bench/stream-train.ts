/**
 * Training on more pictures than are held in memory: how long the first step takes to come, what memory is used with
 * ten times as many, how long steps wait for data, and whether the losses depend on threads or on a kill. Each training
 * is a process of its own. `npm run bench:stream-train`, or of it `-- memory`, `-- waiting` or `-- same`.
 *
 * The pictures are JPEGs of 224 × 224, hard links to 500 different ones. A folder's pictures are known by their paths,
 * not by their bytes, so each of them is read and decoded as if it were different.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { link, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import sharp from "sharp";
import { random } from "#models/random";
import { median } from "./vit";

export interface TrainingRun {
  /** The folder of the pictures, and the one that the training may write into. */
  pictures: string;
  dir: string;
  model: Record<string, unknown>;
  steps: number;
  dataThreads?: number;
}
interface Outcome {
  /** When the first step was done, and what the median step took. */
  firstStep: number;
  stepSeconds: number;
  losses: number[];
  waited: number;
  peakMiB: number;
}

const small = { patch: 32, width: 64, layers: 2, heads: 2 };
const vitSmall = { patch: 16, width: 384, layers: 12, heads: 6 };
const made = new Map<number, Promise<string>>();
let folders = 0;
const root = await mkdtemp(join(tmpdir(), "patchbay-stream-train-"));
const parts: Record<string, () => Promise<object>> = { memory, waiting, same };
const asked = process.argv.slice(2).filter((name) => name in parts);
try {
  for (const name of asked.length ? asked : Object.keys(parts)) {
    const loadBefore = loadavg()[0] as number;
    const figures = await (parts[name] as () => Promise<object>)();
    console.log(JSON.stringify({ bench: "stream-train", part: name, ...figures, load: rounded(loadBefore, 1) }));
  }
} finally {
  await rm(root, { recursive: true, force: true });
}
process.exit(0);

/** First step and peak memory with 2,000 and with 20,000 pictures, over more than an epoch of the fewer. */
async function memory(): Promise<object> {
  const few = await train({ pictures: await folderOf(2_000), dir: newFolder(), model: small, steps: 80 });
  const many = await train({ pictures: await folderOf(20_000), dir: newFolder(), model: small, steps: 80 });
  return {
    firstStepSeconds: { few: rounded(few.firstStep, 1), many: rounded(many.firstStep, 1), goal: 10 },
    peakMiB: { few: Math.round(few.peakMiB), many: Math.round(many.peakMiB) },
    ratio: rounded(many.peakMiB / few.peakMiB, 2),
    goal: 1.15,
  };
}

/** The share of its time that a ViT-S/16 waits. */
async function waiting(): Promise<object> {
  const pictures = await folderOf(20_000);
  const found = await train({ pictures, dir: newFolder(), model: vitSmall, steps: 8 });
  return {
    model: "ViT-S/16",
    firstStepSeconds: rounded(found.firstStep, 1),
    beforeItSeconds: rounded(found.firstStep - found.stepSeconds, 1),
    stepSeconds: rounded(found.stepSeconds, 1),
    waitingShare: rounded(found.waited, 4),
    goal: 0.05,
    peakMiB: Math.round(found.peakMiB),
  };
}

/** The same losses with 1, 2 and 4 threads, and after a kill. */
async function same(): Promise<object> {
  const pictures = await folderOf(20_000);
  const spec = { pictures, model: small, steps: 40 };
  const whole = await train({ ...spec, dir: newFolder(), dataThreads: 1 });
  const isSame = (other: Outcome) => JSON.stringify(other.losses) === JSON.stringify(whole.losses);
  const threads: Record<string, boolean> = {};
  for (const dataThreads of [2, 4])
    threads[dataThreads] = isSame(await train({ ...spec, dir: newFolder(), dataThreads }));
  const kills: Record<string, boolean> = {};
  for (const step of [3, 17, 38]) {
    const dir = newFolder();
    await train({ ...spec, dir }, step);
    kills[step] = isSame(await train({ ...spec, dir }));
  }
  return { steps: spec.steps, sameWithThreads: threads, sameAfterKillAtStep: kills };
}

/** Runs a training to its end, or kills it when it has told of a step. */
async function train(run: TrainingRun, killAt = Infinity): Promise<Outcome> {
  const child: ChildProcess = spawn(
    process.execPath,
    ["--import", "tsx", "bench/stream-train-child.ts", JSON.stringify(run)],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const ends: number[] = [];
  let outcome: Pick<Outcome, "losses" | "waited" | "peakMiB"> = { losses: [], waited: 0, peakMiB: 0 };
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    const told = JSON.parse(line);
    if ("losses" in told) outcome = told;
    else ends.push(told.seconds);
    if (told.step >= killAt) child.kill("SIGKILL");
  }
  const gaps = ends.slice(1).map((end, i) => end - (ends[i] as number));
  return { ...outcome, firstStep: ends[0] as number, stepSeconds: gaps.length ? median(gaps) : 0 };
}

function newFolder(): string {
  return join(root, `run-${folders++}`);
}

/** A folder of so many pictures, and a table that names one of ten classes for each. */
async function folderOf(count: number): Promise<string> {
  const folder = join(root, `pictures-${count}`);
  if (await mkdir(folder, { recursive: true }).then((made) => made === undefined)) return folder;
  const names = Array.from({ length: count }, (_, i) => `${String(i).padStart(5, "0")}.jpg`);
  for (const [i, name] of names.entries()) await link(await different(i % 500), join(folder, name));
  const rows = names.map((name, i) => `${name},class ${i % 10}`);
  await writeFile(join(folder, "captions.csv"), ["image,text", ...rows].join("\n"));
  return folder;
}

function different(i: number): Promise<string> {
  const known = made.get(i) ?? makePicture(i);
  made.set(i, known);
  return known;
}

/** A JPEG of 16 × 16 random colours, smoothed: as many bytes as a photograph of its size. */
async function makePicture(i: number): Promise<string> {
  const draw = random("picture", i);
  const colours = Uint8Array.from({ length: 16 * 16 * 3 }, () => draw.below(256));
  const path = join(root, `picture-${i}.jpg`);
  await sharp(colours, { raw: { width: 16, height: 16, channels: 3 } })
    .resize(224, 224)
    .jpeg({ quality: 90 })
    .toFile(path);
  return path;
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
