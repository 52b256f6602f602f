/**
 * Training on 100,000 conversations about pictures in Parquet: how long the first step takes to come, and what memory
 * is held as steps go on, beside a tenth of the rows. Each training is a process of its own; the set is that of
 * `bench:open`. `npm run bench:conversations`
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { execute } from "#server/runtime/execute";
import { graph, keptIn } from "#tests/kit/graphs";
import { oneVisionWires } from "#tests/kit/onevision-wires";
import { makeSet } from "./open-sets";

const set = join(process.env.PATCHBAY_BENCH_DATA ?? tmpdir(), "patchbay-bench-open", "conversations");
const tokenizers = resolve("tests/fixtures/conformance/tokenizers/qwen2");
const steps = 200;
const [files] = process.argv.slice(2);
if (files) await train(files);
else await bench();

async function bench(): Promise<void> {
  if (!existsSync(join(set, "made"))) {
    await rm(set, { recursive: true, force: true });
    await mkdir(set, { recursive: true });
    await makeSet("conversations", set);
  }
  const inProcess = (pattern: string) =>
    JSON.parse(
      execFileSync(process.execPath, [...process.execArgv, import.meta.filename, pattern], { encoding: "utf8" }),
    );
  const load = loadavg()[0];
  const [few, many] = [inProcess("train-00000-*.parquet"), inProcess("train-*.parquet")];
  console.log(JSON.stringify({ bench: "conversations", few, many, goalSeconds: 15, load }));
}

/** A small model of LLaVA-OneVision's kind: tiles, tower, projector, packer, splice and decoder. */
async function train(pattern: string): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), "patchbay-conversations-"));
  const start = performance.now();
  let firstStep = 0;
  const heldAt: number[] = [];
  const result = await execute({
    document: documentOf(pattern),
    targets: ["trainer"],
    ...keptIn(work),
    folders: [set, tokenizers],
    onEvent(event) {
      if (event.kind !== "metric") return;
      firstStep ||= performance.now() - start;
      heldAt[event.step] = process.memoryUsage().rss / 2 ** 20;
    },
  });
  if (result.error) throw new Error(result.error.message);
  await rm(work, { recursive: true });
  console.log(
    JSON.stringify({
      firstStepSeconds: Math.round(firstStep / 100) / 10,
      heldMiB: { half: Math.round(heldAt[steps / 2] ?? 0), end: Math.round(heldAt[steps] ?? 0) },
      peakMiB: Math.round(process.resourceUsage().maxRSS / 1024),
    }),
  );
  process.exit(0);
}

function documentOf(pattern: string) {
  const words = { vocabulary: 512, width: 32 };
  return graph(
    {
      data: ["data.conversations", { folder: set, files: pattern }],
      tokenizer: ["text.load-tokenizer", { source: "folder", folder: tokenizers }],
      template: ["text.conversation-template", { template: "qwen", length: 256 }],
      tiler: ["image.anyres-tiler", { tile: 16, patch: 8, resolutions: "(1x1),…,(2x2)", most: 2, rounded: true }],
      places: ["text.place-images", { length: 256, padding: "rounded" }],
      tower: ["model.vision-transformer", { patch: 8, width: 16, layers: 1, heads: 2 }],
      projector: ["model.projector", { width: 32, layers: 2 }],
      packer: ["model.anyres-packer"],
      table: ["model.token-embedding", words],
      splice: ["model.splice"],
      decoder: ["model.llm-decoder", { ...words, layers: 1, heads: 2, keyHeads: 2, hidden: 48, tied: false }],
      loss: ["loss.causal-lm"],
      trainer: ["train.trainer", { steps, batch: 8, warmup: 4, lr: 3e-3, weightDecay: 0, checkpoint: 1000 }],
    },
    [...oneVisionWires, "data.kind -> template.kind"],
  );
}
