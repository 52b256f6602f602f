/**
 * A training of a large multimodal model of LLaVA-OneVision 0.5B's sizes, as a trainer runs it: a frozen vision tower
 * of SigLIP's 27 × 1152, once for each picture; a projector that trains; 729 tokens of it and the class token among
 * those of a decoder of Qwen2-0.5B's sizes with LoRA. Weights are drawn. Tells the seconds of a step and the memory at
 * most, of the frozen part and of the steps; a training that takes more than the limit is ended.
 * `npm run bench:lmm-step -- [steps] [limit in GiB] [recompute]`
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { npyHeader } from "#models/files/npy-header";
import { random } from "#models/random";
import { execute } from "#server/runtime/execute";
import { graph, keptIn } from "#tests/kit/graphs";
import { median } from "./vit";

const steps = Number(process.argv[2] ?? 3);
const limit = Number(process.argv[3] ?? 20) * 2 ** 30;
const recompute = process.argv[4] ?? "";
const dir = process.argv[5];

const decoder = {
  vocabulary: 151_936,
  width: 896,
  layers: 24,
  heads: 14,
  keyHeads: 2,
  hidden: 4864,
  base: 1_000_000,
};
const tower = { patch: 14, width: 1152, layers: 27, heads: 16, mlpRatio: 4304 / 1152, activation: "gelu" };
const side = 27 * tower.patch;
const pictureTokens = 27 * 27 + 1;
const textTokens = 38;
const pictures = 2;
const placeholder = -200;

if (dir) await train(dir);
else await watch();

/** Runs the training in a process of its own, and ends it when it takes too much. */
async function watch(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "lmm-step-"));
  const own = [fileURLToPath(import.meta.url), String(steps), String(limit / 2 ** 30), recompute, folder];
  const child = spawn(process.execPath, ["--import", "tsx", ...own], { stdio: ["ignore", "inherit", "inherit"] });
  const watching = setInterval(() => {
    if (heldBy(child.pid) < limit) return;
    console.log(JSON.stringify({ bench: "lmm-step", ended: `more than ${limit / 2 ** 30} GiB` }));
    child.kill("SIGKILL");
  }, 200);
  const code = await new Promise((resolve) => child.on("exit", resolve));
  clearInterval(watching);
  rmSync(folder, { recursive: true, force: true });
  process.exitCode = code === 0 ? 0 : 1;
}

/** The memory that a process holds, in bytes; 0 where nothing tells. */
function heldBy(pid: number | undefined): number {
  try {
    const [, kibibytes = "0"] = /^VmRSS:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return Number(kibibytes) * 1024;
  } catch {
    return 0;
  }
}

async function train(folder: string): Promise<void> {
  writeTokens(folder);
  const times: number[] = [];
  const notes: { seconds: number; done: number; note: string }[] = [];
  const start = performance.now();
  let last = start;
  const result = await execute({
    document: documentOf(folder),
    targets: ["trainer"],
    ...keptIn(folder),
    folders: [folder],
    onEvent(event) {
      const now = performance.now();
      if (event.kind === "metric") times.push((now - last) / 1000);
      if (event.kind === "metric") last = now;
      if (event.kind !== "node-progress" || event.node !== "trainer") return;
      notes.push({ seconds: Math.round((now - start) / 1000), done: event.done, note: event.note ?? "" });
      console.error(JSON.stringify({ ...notes.at(-1), rss: gigabytes(process.memoryUsage.rss()) }));
    },
  });
  if (result.error) throw new Error(JSON.stringify(result.error));
  console.log(
    JSON.stringify({
      bench: "lmm-step",
      model: `decoder 24×896, tower 27×1152 once for each picture, ${pictureTokens + textTokens} tokens, batch 1, LoRA`,
      recompute,
      threads: availableParallelism(),
      load: (loadavg()[0] as number).toFixed(1),
      counted: notes.find(({ note }) => note.startsWith("holds"))?.note,
      firstStepSeconds: Math.round(times[0] ?? 0),
      stepSeconds: Math.round(median(times.slice(1))),
      peakGiB: Number((result.outputs.trainer?.memory?.value as number).toFixed(2)),
    }),
  );
  process.exit(0);
}

function gigabytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(2)} GiB`;
}

/** Rows of a picture's places and words, of which the words are learned. */
function writeTokens(folder: string): void {
  const draw = random("lmm-step");
  const length = pictureTokens + textTokens;
  const isPlace = (i: number) => i % length < pictureTokens;
  const word = () => BigInt(draw.below(decoder.vocabulary));
  const ids = BigInt64Array.from({ length: pictures * length }, (_, i) => (isPlace(i) ? BigInt(placeholder) : word()));
  const labels = ids.map((id) => (id === BigInt(placeholder) ? -100n : id));
  for (const [name, data] of Object.entries({ ids, labels }))
    writeFileSync(
      join(folder, `${name}.npy`),
      Buffer.concat([npyHeader("int64", [pictures, length]), new Uint8Array(data.buffer)]),
    );
}

function documentOf(folder: string) {
  const length = pictureTokens + textTokens;
  const numbers = (name: string): [string, Record<string, unknown>] => [
    "data.tensors",
    { folder, files: `${name}.npy`, columns: [{ name, as: "int64", row: [length] }] },
  ];
  const { vocabulary, width } = decoder;
  return graph(
    {
      data: ["data.emoji", { vendors: ["openmoji"], limit: pictures }],
      resize: ["image.resize", { width: side, height: side }],
      normalize: ["image.normalize", {}],
      fresh: ["weights.make", {}],
      frozen: ["weights.freeze", { names: "*" }],
      lora: ["weights.lora", { targets: "language.*_proj.weight" }],
      vision: ["model.vision-transformer", { scope: "vision", ...tower }],
      projector: ["model.projector", { scope: "projector", width, layers: 2 }],
      ids: numbers("ids"),
      labels: numbers("labels"),
      words: ["model.token-embedding", { scope: "language.model", vocabulary, width }],
      splice: ["model.splice", { placeholder }],
      decoder: ["model.llm-decoder", { scope: "language", ...decoder }],
      loss: ["loss.causal-lm", {}],
      trainer: ["train.trainer", { steps, batch: 1, warmup: 0, lr: 1e-4, checkpoint: 1000, weightDecay: 0, recompute }],
    },
    [
      "data.image -> resize.image",
      "resize.image -> normalize.image",
      "fresh.weights -> frozen.weights",
      "fresh.weights -> lora.weights",
      "frozen.weights -> vision.weights",
      "lora.weights -> words.weights",
      "lora.weights -> decoder.weights",
      "normalize.pixels -> vision.pixels",
      "vision.tokens -> projector.features",
      "projector.embedding -> splice.tokens",
      "ids.ids -> words.ids",
      "ids.ids -> splice.ids",
      "words.embeddings -> splice.embeddings",
      "splice.embeddings -> decoder.embeddings",
      "decoder.logits -> loss.logits",
      "labels.labels -> loss.labels",
      "loss.loss -> trainer.loss",
    ],
  );
}
