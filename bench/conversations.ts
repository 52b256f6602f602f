/**
 * Training on 100,000 conversations in Parquet: how long the first step takes to come, and what memory is used with ten
 * times as many rows. Each training is a process of its own; the set is that of `bench:open`. `npm run
 * bench:conversations`
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { execute } from "#server/runtime/execute";
import { openBlobs } from "#server/storage/blobs";
import { graph } from "#tests/kit/graphs";
import { makeSet } from "./open-sets";

const set = join(process.env.PATCHBAY_BENCH_DATA ?? tmpdir(), "patchbay-bench-open", "conversations");
const tokenizers = resolve("tests/fixtures/conformance/tokenizers/qwen2");
const steps = 60;
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
  const ratio = Math.round((many.peakMiB / few.peakMiB) * 100) / 100;
  console.log(JSON.stringify({ bench: "conversations", few, many, ratio, goalSeconds: 15, load }));
}

/** A small language model on the text of the conversations, whose pictures are a token each. */
async function train(pattern: string): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), "patchbay-conversations-"));
  const start = performance.now();
  let firstStep = 0;
  const peakAt: number[] = [];
  const result = await execute({
    document: graph(
      {
        data: ["data.conversations", { folder: set, files: pattern }],
        tokenizer: ["text.load-tokenizer", { source: "folder", folder: tokenizers }],
        template: ["text.conversation-template", { length: 128, padding: "length", placeholder: 0 }],
        decoder: ["model.llm-decoder", { vocabulary: 512, width: 64, layers: 2, heads: 2, keyHeads: 2, hidden: 128 }],
        loss: ["loss.causal-lm"],
        trainer: ["train.trainer", { steps, batch: 16, warmup: 0, lr: 1e-3, checkpoint: 1000 }],
      },
      [
        "data.conversation -> template.conversation",
        "data.kind -> template.kind",
        "tokenizer.tokenizer -> template.tokenizer",
        "template.ids -> decoder.ids",
        "template.mask -> decoder.mask",
        "decoder.logits -> loss.logits",
        "template.labels -> loss.labels",
        "loss.loss -> trainer.loss",
      ],
    ),
    targets: ["trainer"],
    blobs: openBlobs(join(work, "blobs")),
    cacheDir: join(work, "cache"),
    scratch: join(work, "scratch"),
    folders: [set, tokenizers],
    signal: new AbortController().signal,
    provider: "cpu",
    onEvent(event) {
      if (event.kind !== "metric") return;
      firstStep ||= performance.now() - start;
      peakAt[event.step] = process.resourceUsage().maxRSS / 1024;
    },
  });
  if (result.error) throw new Error(result.error.message);
  await rm(work, { recursive: true });
  const peaks = peakAt.filter((peak) => peak !== undefined);
  console.log(
    JSON.stringify({
      firstStepSeconds: Math.round(firstStep / 100) / 10,
      peakMiB: Math.round(peaks.at(-1) ?? 0),
      grownMiB: Math.round((peaks.at(-1) ?? 0) - (peaks[0] ?? 0)),
    }),
  );
  process.exit(0);
}
