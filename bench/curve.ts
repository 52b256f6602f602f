/**
 * The loss curve of a CLIP on emoji in Patchbay and in PyTorch, from the same weights, with the same rows in the same order and the same
 * hyper-parameters. `npm run bench:curve` prints the largest relative gap of the first 100 losses.
 */
import { spawnSync } from "node:child_process";
import { mkdtemp, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { sampler } from "#models/train/sampler";
import { execute } from "#server/runtime/execute";
import { openBlobs } from "#server/storage/blobs";
import { type ClipSizes, clipDocument } from "./models";
import { torchPython } from "./torch/python";

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

async function run(trainer: Record<string, unknown>, targets: string[]) {
  const document = clipDocument(sizes, { limit: 3000 });
  Object.assign(document.nodes.trainer?.params as object, {
    batch,
    lr: 1e-3,
    warmup: 10,
    weightDecay,
    hoist: "off",
    ...trainer,
  });
  const result = await execute({
    document,
    targets,
    blobs,
    cacheDir: join(folder, "cache"),
    scratch: join(folder, "scratch"),
    signal: new AbortController().signal,
    provider: "cpu",
  });
  if (result.error) throw new Error(result.error.message);
  return result.outputs;
}
const value = <T>(outputs: Awaited<ReturnType<typeof run>>, node: string, port: string): T =>
  outputs[node]?.[port]?.value as T;

const start = await run({ steps: 1, warmup: 0, lr: 0 }, ["trainer"]);
const trained = await run({ steps }, ["trainer", "pixels", "ids"]);
const line = (name: string) =>
  value<{ lines: { name: string; values: number[] }[] }>(trained, "trainer", "curve").lines.find((l) => l.name === name)
    ?.values as number[];
const pixels = value<{ ref: string; shape: number[] }>(trained, "pixels", "pixels");
const ids = value<{ ref: string; shape: number[] }>(trained, "ids", "ids");
const draw = sampler({ rows: ids.shape[0] as number, batch, seed: 0 });
await writeFile(
  join(folder, "weights.safetensors"),
  await blobs.get(value<{ ref: string }>(start, "trainer", "weights").ref),
);
await writeFile(join(folder, "pixels.bin"), await blobs.get(pixels.ref));
await writeFile(join(folder, "ids.bin"), await blobs.get(ids.ref));
await writeFile(
  join(folder, "spec.json"),
  JSON.stringify({
    ...sizes,
    weightDecay,
    pixels: pixels.shape,
    ids: ids.shape,
    lr: line("lr"),
    batches: Array.from({ length: steps }, (_, i) => [...draw.batch(i + 1)]),
  }),
);

const python = torchPython();
if (!python) process.exit(0);
const torch = spawnSync(python, ["bench/torch/curve.py", folder, String(availableParallelism())], {
  encoding: "utf8",
  stdio: ["ignore", "pipe", "inherit"],
});
if (torch.status !== 0) process.exit(1);
const theirs = JSON.parse(torch.stdout) as number[];
const ours = line("loss");
const gaps = ours.map((loss, i) => Math.abs(loss - (theirs[i] as number)) / (theirs[i] as number));
console.log(
  JSON.stringify({
    bench: "curve",
    steps,
    batch,
    first: [ours[0], theirs[0]],
    last: [ours.at(-1), theirs.at(-1)],
    largestRelativeGap: Number(Math.max(...gaps).toExponential(2)),
    atStep: gaps.indexOf(Math.max(...gaps)) + 1,
    goal: 0.01,
  }),
);
process.exit(0);
