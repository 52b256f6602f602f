/**
 * Pictures through a model, chunk by chunk. A small vision transformer on 2,000 and on 20,000 JPEGs: rows per second
 * and peak memory must not follow from their number. Then a ViT-S/16 that is shared as ONNX, in turns beside the model
 * alone (a loop over tensors that are there already), transformers.js and PyTorch with a DataLoader.
 * `npm run bench:stream -- [small|vit-s|all] [pictures a turn] [turns]`
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { signatureOf } from "#models/onnx/import/inspect";
import { computingProcess, programRunner } from "#server/runtime/computing-process";
import { openBlobs } from "#server/storage/blobs";
import { Runner } from "./runner";
import { pictureFolder } from "./stream/pictures";
import { torchPython } from "./torch/python";
import { median } from "./vit";

const [part = "all", count = "336", turns = "3"] = process.argv.slice(2);
const threads = availableParallelism();
const home = join(tmpdir(), "patchbay-bench-stream");
const store = join(home, "blobs");
const models = resolve(".data/bench/models");

interface Measured {
  rows: number;
  ms: number;
  note?: string;
}

mkdirSync(home, { recursive: true });
if (part !== "vit-s") await small();
if (part !== "small") await shared();
process.exit(0);

/** The same graph on few and on many pictures. */
async function small(): Promise<void> {
  const measured = new Map<number, { rate: number; peakMiB: number; note?: string }>();
  for (const pictures of [2000, 20_000]) {
    const folder = await pictureFolder(home, "small", pictures);
    const runner = ours();
    await runner.answer();
    const { rows, ms, note } = await runner.ask<Measured>(folder);
    if (rows !== pictures) throw new Error(`${rows} of ${pictures} rows came`);
    measured.set(pictures, { rate: (1000 * rows) / ms, note, ...(await runner.ask<{ peakMiB: number }>("end")) });
  }
  const [few, many] = [...measured.values()] as [{ rate: number; peakMiB: number }, { rate: number; peakMiB: number }];
  report({
    model: "small",
    rowsPerSecond: byName(measured, ({ rate }) => Math.round(rate)),
    peakMiB: byName(measured, ({ peakMiB }) => peakMiB),
    memoryRatio: ratio(many.peakMiB, few.peakMiB),
    speedRatio: ratio(many.rate, few.rate),
    notes: byName(measured, ({ note }) => note),
  });
}

/** A ViT-S/16, all sides in turns. */
async function shared(): Promise<void> {
  const python = torchPython();
  if (!python) return;
  const model = join(models, "vit-s/onnx/model.onnx");
  if (!existsSync(model))
    spawnSync(python, ["bench/torch/vit.py", "export", join(models, "vit-s")], { stdio: "ignore" });
  const sides = startSides(python, model, await storedModel(model));
  const folders = await Promise.all(
    Array.from({ length: Number(turns) + 1 }, (_, turn) =>
      pictureFolder(home, `turn${turn}`, turn ? Number(count) : 8),
    ),
  );
  for (const side of sides.values()) await side.answer();
  const rates = new Map([...sides.keys()].map((name) => [name, [] as number[]]));
  let note: string | undefined;
  for (const [turn, folder] of folders.entries()) {
    for (const [name, side] of sides) {
      const measured = await side.ask<Measured>(name === "alone" ? (turn ? count : "8") : folder);
      if (turn) rates.get(name)?.push((1000 * measured.rows) / measured.ms); // the first turn warms up
      note = measured.note ?? note;
    }
  }
  const peaks = new Map<string, number>();
  for (const [name, side] of sides) {
    if (name === "alone") side.end();
    else peaks.set(name, (await side.ask<{ peakMiB: number }>("end")).peakMiB);
  }
  const rate = (name: string) => median(rates.get(name) ?? [Number.NaN]);
  const others = [...sides.keys()].filter((name) => name !== "patchbay");
  report({
    model: "ViT-S/16",
    rowsPerSecond: byName(rates, (list) => Number(median(list).toFixed(2))),
    speedOver: Object.fromEntries(others.map((name) => [name, ratio(rate("patchbay"), rate(name))])),
    peakMiB: Object.fromEntries(peaks),
    memoryOverTransformersJs: ratio(peaks.get("patchbay"), peaks.get("transformers.js")),
    note,
  });
}

function startSides(python: string, model: string, file: string): Map<string, Runner> {
  const sides = new Map([
    ["patchbay", ours(file)],
    ["alone", new Runner(process.execPath, ["--import", "tsx", "bench/stream/alone.ts", model], threads)],
    ["pytorch", new Runner(python, ["bench/torch/vit.py", "run", String(threads)], threads)],
  ]);
  const script = installedTransformers();
  if (script) sides.set("transformers.js", new Runner(process.execPath, [script, models, "vit-s", "8"], threads));
  return sides;
}

/** Takes a small model, or a stored file as a node's parameter has it. */
function ours(...file: string[]): Runner {
  const { execArgv, env } = computingProcess;
  const program = [...execArgv, programRunner, "bench/stream/ours.ts"];
  return new Runner(process.execPath, [...program, store, ...file], threads, env);
}

/** Puts a model into the blob store, as an upload does, and gives the parameter that names it. */
async function storedModel(path: string): Promise<string> {
  const bytes = await readFile(path);
  const source = { size: bytes.length, read: async (start: number, end: number) => bytes.subarray(start, end) };
  const ref = await openBlobs(store).put(bytes);
  return JSON.stringify({ ref, name: "model.onnx", signature: await signatureOf(source) });
}

/** transformers.js in a folder of its own; it is no part of the product. */
function installedTransformers(): string | undefined {
  const folder = resolve(".data/bench/transformers-js");
  mkdirSync(folder, { recursive: true });
  const arguments_ = [
    "install",
    "--prefix",
    folder,
    "--ignore-scripts",
    "--no-audit",
    "@huggingface/transformers@4.3.2",
  ];
  const isThere = existsSync(join(folder, "node_modules/@huggingface/transformers"));
  if (!isThere && spawnSync("npm", arguments_, { stdio: "ignore" }).status !== 0) {
    console.error("transformers.js cannot be installed; that side is left out.");
    return undefined;
  }
  const script = join(folder, "transformers-js.mjs");
  copyFileSync("bench/stream/transformers-js.mjs", script);
  return script;
}

function report(measured: object): void {
  console.log(JSON.stringify({ bench: "stream", threads, load: loadavg()[0]?.toFixed(1), ...measured }));
}

function byName<K, V, R>(map: ReadonlyMap<K, V>, read: (value: V) => R): Record<string, R> {
  return Object.fromEntries([...map].map(([name, value]) => [name, read(value)]));
}

function ratio(one = Number.NaN, other = Number.NaN): number {
  return Number((one / other).toFixed(3));
}
