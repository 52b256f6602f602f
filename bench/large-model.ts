/**
 * A language model of 1.1 billion parameters, bfloat16 in two shards: how much memory the logits of a 128-token prompt
 * take at most, how soon a second prompt has its, and the same in 4-bit blocks. Each part in a process of its own.
 * `npm run bench:large-model -- [layers]`
 */
import { execFileSync } from "node:child_process";
import { createWriteStream, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { builderOf, scoped } from "#models/blocks/builder";
import { toBfloat16 } from "#models/files/half";
import { type StreamedTensor, streamSafetensors } from "#models/files/safetensors";
import { Graph } from "#models/onnx/graph";
import { random } from "#models/random";
import type { PreviewOf } from "#nodes/core/preview";
import { textTransformer } from "#nodes/model/text-transformer";
import { execute } from "#server/runtime/execute";
import { asArray } from "#server/runtime/values";
import { openBlobs } from "#server/storage/blobs";
import { graph, keptIn } from "#tests/kit/graphs";

const [vocabulary, width, tokens] = [32_000, 2048, 128];
const tower = (layers: number) => ({ vocabulary, width, layers, heads: 16, activation: "gelu" as const });
const prompts = ["first", "second"].map((word) =>
  Array.from({ length: tokens }, (_, i) => `${word} ${i % 10}`).join(" "),
);

/** What every tensor is made of, each piece of it turned by another amount: N(0, 0.02) as bfloat16. */
const drawn = Uint16Array.from(normals(2 ** 20), (x) => toBfloat16(0.02 * x));

const [part, folder = "", given = "20"] = process.argv.slice(2);
if (part === "run" || part === "quantize" || part === "run-quantized") await measure(part);
else await compare(Number(part ?? 20));
process.exit(0);

/** Makes the checkpoint, and has the parts run one after the other. */
async function compare(layers: number): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), "patchbay-large-"));
  try {
    const parameters = await writeCheckpoint(join(root, "model"), layers);
    const floats = child("run", root, layers);
    const quantized = child("quantize", root, layers);
    const blocks = child("run-quantized", root, layers);
    const floatBytes = 4 * parameters;
    console.log(
      JSON.stringify({
        bench: "large-model",
        parameters,
        float32MB: Math.round(floatBytes / 1e6),
        firstMs: floats.firstMs,
        secondMs: floats.secondMs,
        secondToFirst: Number((floats.secondMs / floats.firstMs).toFixed(3)),
        goalSecondToFirst: 0.333,
        peakMB: floats.peakMB,
        peakToFloat32: Number(((floats.peakMB * 1e6) / floatBytes).toFixed(2)),
        goalPeakToFloat32: 1.3,
        int4: {
          quantizeMs: quantized.firstMs,
          quantizePeakMB: quantized.peakMB,
          fileMB: quantized.fileMB,
          worst: quantized.worst,
          firstMs: blocks.firstMs,
          secondMs: blocks.secondMs,
          peakMB: blocks.peakMB,
          goalPeakMB: 1500,
          logitsError: Number(distance(blocks.logits, floats.logits).toFixed(4)),
        },
      }),
    );
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

interface Measured {
  firstMs: number;
  secondMs: number;
  peakMB: number;
  logits: number[];
  fileMB?: number;
  worst?: { name: string; error: number };
}

function child(name: string, root: string, layers: number): Measured {
  const args = ["--import", "tsx", fileURLToPath(import.meta.url), name, root, String(layers)];
  execFileSync(process.execPath, args, { stdio: "inherit" });
  return JSON.parse(readFileSync(join(root, `${name}.json`), "utf8"));
}

/** Runs one part, and prints what it took. */
async function measure(name: "run" | "quantize" | "run-quantized"): Promise<void> {
  const blobs = openBlobs(join(folder, "blobs"));
  const times: number[] = [];
  let logits: number[] = [];
  let preview: PreviewOf["weights"] | undefined;
  for (const prompt of name === "quantize" ? prompts.slice(0, 1) : prompts) {
    const start = performance.now();
    const result = await execute({
      document: documentOf(prompt, name !== "run"),
      targets: [name === "quantize" ? "quantize" : "head"],
      ...keptIn(folder),
      blobs,
      folders: [folder],
      onEvent(event) {
        if (event.kind === "node-done" && event.node === "quantize")
          preview = event.previews.weights as unknown as PreviewOf["weights"];
      },
    });
    times.push(Math.round(performance.now() - start));
    if (result.error) throw new Error(`${result.error.message} ${result.error.hint}`);
    const value = result.outputs.head?.embedding?.value as { ref: string } | undefined;
    if (value && !logits.length) logits = [...asArray("float32", await blobs.get(value.ref))].map(Number);
  }
  const [firstMs, secondMs] = times;
  const peakMB = Math.round((process.resourceUsage().maxRSS * 1024) / 1e6);
  const file = preview?.bytes === undefined ? {} : { fileMB: Math.round(preview.bytes / 1e6) };
  const measured = { firstMs, secondMs, peakMB, logits, ...file, worst: preview?.quantized?.worst };
  await writeFile(join(folder, `${name}.json`), JSON.stringify(measured));
}

function documentOf(prompt: string, quantized: boolean) {
  const weights = quantized ? "quantize.weights" : "load.weights";
  return graph(
    {
      prompt: ["text.input", { text: prompt }],
      tokenizer: ["text.train-tokenizer", { vocabulary: 560 }],
      corpus: ["text.input", { text: prompts.join("\n") }],
      ids: ["text.tokenize", { length: tokens }],
      load: ["weights.load", { source: "folder", folder: join(folder, "model") }],
      ...(quantized ? { quantize: ["weights.quantize", { bits: "int4", block: "32" }] as [string, {}] } : {}),
      text: ["model.text-transformer", tower(Number(given))],
      head: ["model.projector", { scope: "head", width: 16_384, layers: 1, bias: false }],
    },
    [
      "corpus.text -> tokenizer.text",
      "prompt.text -> ids.text",
      "tokenizer.tokenizer -> ids.tokenizer",
      "ids.ids -> text.ids",
      ...(quantized ? ["load.weights -> quantize.weights"] : []),
      `${weights} -> text.weights`,
      `${weights} -> head.weights`,
      "text.features -> head.features",
    ],
  );
}

/** Two shards of random numbers with their index; gives how many numbers. */
async function writeCheckpoint(directory: string, layers: number): Promise<number> {
  await mkdir(directory, { recursive: true });
  const all = [...shapesOf(layers)].map(([name, shape]) => randomTensor(name, shape));
  const total = all.reduce((sum, { bytes }) => sum + bytes, 0);
  const shards: StreamedTensor[][] = [[], []];
  let before = 0;
  for (const tensor of all) {
    shards[before < total / 2 ? 0 : 1]?.push(tensor);
    before += tensor.bytes;
  }
  const map: Record<string, string> = {};
  for (const [i, shard] of shards.entries()) {
    const file = `model-0000${i + 1}-of-00002.safetensors`;
    for (const { name } of shard) map[name] = file;
    await pipeline(Readable.from(streamSafetensors(shard)), createWriteStream(join(directory, file)));
    await stat(join(directory, file));
  }
  const index = { metadata: { total_size: total }, weight_map: map };
  await writeFile(join(directory, "model.safetensors.index.json"), JSON.stringify(index));
  return total / 2;
}

/** The parameters that the two nodes ask for. */
function shapesOf(layers: number): Map<string, readonly number[]> {
  const built = new Graph();
  const builder = { ...scoped(builderOf(built, false), "text"), graph: built };
  const params = { ...tower(layers), scope: "text", context: 0, mlpRatio: 4, causal: true };
  textTransformer.build?.({ ...builder, inputs: { ids: built.input("ids", "int64", ["B", tokens]) }, params } as never);
  const shapes = built.parameters.map(({ name, value }) => [name, value.shape as number[]] as const);
  return new Map([...shapes, ["head.proj.weight", [width, 16_384]]]);
}

/** Numbers around 0, or 1 where they scale what was normalized. */
function randomTensor(name: string, shape: readonly number[]): StreamedTensor {
  const bytes = 2 * shape.reduce((product, size) => product * size, 1);
  const isScale = shape.length === 1 && name.endsWith("weight");
  function* parts(): Generator<Uint8Array> {
    if (isScale) {
      yield new Uint8Array(new Uint16Array(bytes / 2).fill(toBfloat16(1)).buffer);
      return;
    }
    const draw = random("large-model", name);
    for (let done = 0; done < bytes; done += drawn.byteLength) {
      const start = draw.below(drawn.length);
      const turned = new Uint16Array(drawn.length);
      turned.set(drawn.subarray(start));
      turned.set(drawn.subarray(0, start), drawn.length - start);
      yield new Uint8Array(turned.buffer, 0, Math.min(drawn.byteLength, bytes - done));
    }
  }
  return { name, dtype: "BF16", shape, bytes, parts };
}

function normals(count: number): Float32Array {
  const numbers = new Float32Array(count);
  random("large-model").fill(numbers, "normal");
  return numbers;
}

function distance(a: readonly number[], b: readonly number[]): number {
  const square = (list: readonly number[]) => list.reduce((sum, x) => sum + x * x, 0);
  return Math.sqrt(square(a.map((x, i) => x - (b[i] ?? 0))) / square(b));
}
