/**
 * The loss curve of a CLIP on emoji in Patchbay and in PyTorch, from the same weights, with the same rows in the same
 * order and the same hyper-parameters. `npm run bench:curve` prints the largest relative gap of the first 100 losses.
 */
import { spawnSync } from "node:child_process";
import { mkdtemp, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { sampler } from "#models/train/sampler";
import { execute, type ExecuteResult } from "#server/runtime/execute";
import { openBlobs } from "#server/storage/blobs";
import { keptIn } from "#tests/kit/graphs";
import { type ClipSizes, clipDocument } from "./models";
import { torchPython } from "./torch/python";

interface Lines {
  lines: { name: string; values: number[] }[];
}
interface Stored {
  ref: string;
  shape: number[];
}

const steps = 100;
const batch = 64;
const weightDecay = 0.1;
const sizes: ClipSizes = {
  image: { size: 32, patch: 8, width: 128, layers: 3, heads: 2 },
  text: { vocabulary: 2048, length: 16, width: 96, layers: 2, heads: 2 },
  embed: 96,
};
const folder = await mkdtemp(join(tmpdir(), "patchbay-curve-"));
const blobs = openBlobs(join(folder, "blobs"));

const start = await runClip({ steps: 1, warmup: 0, lr: 0 }, ["trainer"]);
const trained = await runClip({ steps }, ["trainer", "pixels", "ids"]);
await writeInputs(start, trained);
const python = torchPython();
if (!python) process.exit(0);
compareCurves(lineOf(trained, "loss"), torchLosses(python));
process.exit(0);

async function runClip(trainer: Record<string, unknown>, targets: string[]): Promise<ExecuteResult["outputs"]> {
  const document = clipDocument(sizes, { limit: 3000 });
  const usual = { batch, lr: 1e-3, warmup: 10, weightDecay, hoist: "off" };
  Object.assign(document.nodes.trainer?.params as object, { ...usual, ...trainer });
  const result = await execute({
    document,
    targets,
    ...keptIn(folder),
    blobs,
  });
  if (result.error) throw new Error(result.error.message);
  return result.outputs;
}

function valueOf<T>(outputs: ExecuteResult["outputs"], node: string, port: string): T {
  return outputs[node]?.[port]?.value as T;
}

function lineOf(outputs: ExecuteResult["outputs"], name: string): number[] {
  const { lines } = valueOf<Lines>(outputs, "trainer", "curve");
  return lines.find((line) => line.name === name)?.values as number[];
}

/** What bench/torch/curve.py reads: the first weights, all data, and which rows each step takes at which rate. */
async function writeInputs(before: ExecuteResult["outputs"], after: ExecuteResult["outputs"]): Promise<void> {
  const weights = valueOf<{ ref: string }>(before, "trainer", "weights");
  const pixels = valueOf<Stored>(after, "pixels", "pixels");
  const ids = valueOf<Stored>(after, "ids", "ids");
  const draw = sampler({ rows: ids.shape[0] as number, batch, seed: 0 });
  const spec = {
    ...sizes,
    weightDecay,
    pixels: pixels.shape,
    ids: ids.shape,
    lr: lineOf(after, "lr"),
    batches: Array.from({ length: steps }, (_, i) => [...draw.batch(i + 1)]),
  };
  await writeFile(join(folder, "weights.safetensors"), await blobs.get(weights.ref));
  await writeFile(join(folder, "pixels.bin"), await blobs.get(pixels.ref));
  await writeFile(join(folder, "ids.bin"), await blobs.get(ids.ref));
  await writeFile(join(folder, "spec.json"), JSON.stringify(spec));
}

function torchLosses(interpreter: string): number[] {
  const { status, stdout } = spawnSync(interpreter, ["bench/torch/curve.py", folder, String(availableParallelism())], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (status !== 0) process.exit(1);
  return JSON.parse(stdout) as number[];
}

function compareCurves(ours: readonly number[], theirs: readonly number[]): void {
  const gaps = ours.map((loss, i) => Math.abs(loss - (theirs[i] as number)) / (theirs[i] as number));
  const largest = Math.max(...gaps);
  const report = {
    bench: "curve",
    steps,
    batch,
    first: [ours[0], theirs[0]],
    last: [ours.at(-1), theirs.at(-1)],
    largestRelativeGap: Number(largest.toExponential(2)),
    atStep: gaps.indexOf(largest) + 1,
    goal: 0.01,
  };
  console.log(JSON.stringify(report));
}
