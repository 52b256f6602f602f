/**
 * Training a projector on a frozen encoder, with the frozen part run once for each row and with it in every step: the
 * time of an epoch from the second one on, both in turns. `npm run bench:hoist`
 */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GraphDocument } from "#nodes/graph/document";
import { execute } from "#server/runtime/execute";
import { openBlobs } from "#server/storage/blobs";
import { graph } from "#tests/kit/graphs";
import { median } from "./vit";

const rows = 1024;
const batch = 64;
const epochs = 3;
const perEpoch = rows / batch;
const folder = await mkdtemp(join(tmpdir(), "patchbay-hoist-"));
const blobs = openBlobs(join(folder, "blobs"));

const times: Record<"float32" | "off", number[]> = { float32: [], off: [] };
for (let round = 1; round <= 3; round++) {
  for (const hoist of ["float32", "off"] as const) times[hoist].push(...(await epochTimes(hoist, round)));
}
const [once, every] = [median(times.float32), median(times.off)];
console.log(
  JSON.stringify({
    bench: "hoist",
    rows,
    batch,
    epochMs: { once: Math.round(once), everyStep: Math.round(every) },
    speedup: Number((every / once).toFixed(1)),
    goal: 5,
  }),
);
process.exit(0);

/** The milliseconds of each epoch but the first. */
async function epochTimes(hoist: string, seed: number): Promise<number[]> {
  const ends: number[] = [];
  const result = await execute({
    document: frozenEncoder(hoist, seed),
    targets: ["trainer"],
    blobs,
    cacheDir: join(folder, `cache-${hoist}-${seed}`),
    scratch: join(folder, "scratch"),
    signal: new AbortController().signal,
    provider: "cpu",
    onEvent: (event) => {
      if (event.kind === "metric" && event.step % perEpoch === 0) ends.push(performance.now());
    },
  });
  if (result.error) throw new Error(result.error.message);
  return ends.slice(1).map((end, i) => end - (ends[i] as number));
}

function frozenEncoder(hoist: string, seed: number): GraphDocument {
  return graph(
    {
      data: ["data.emoji", { limit: rows }],
      resize: ["image.resize", { width: 48, height: 48 }],
      normalize: ["image.normalize"],
      labels: ["text.label-ids"],
      fresh: ["weights.make"],
      freeze: ["weights.freeze"],
      vision: ["model.vision-transformer", { patch: 8, width: 192, layers: 5, heads: 3 }],
      classifier: ["model.projector", { width: 10, layers: 2 }],
      loss: ["loss.cross-entropy"],
      trainer: ["train.trainer", { steps: epochs * perEpoch, batch, warmup: 0, checkpoint: 1_000_000, hoist, seed }],
    },
    [
      "data.image -> resize.image",
      "resize.image -> normalize.image",
      "data.group -> labels.text",
      "fresh.weights -> freeze.weights",
      "freeze.weights -> vision.weights",
      "normalize.pixels -> vision.pixels",
      "vision.features -> classifier.features",
      "classifier.embedding -> loss.logits",
      "labels.ids -> loss.labels",
      "loss.loss -> trainer.loss",
    ],
  );
}
