/**
 * Takes folders of pictures through a model as a run does: a small one, or a file of a blob store. A line with a
 * folder's path runs it and answers with rows and milliseconds, a line `end` with the peak memory. Started by
 * bench/stream.ts.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { GraphDocument } from "#nodes/graph/document";
import type { RunEvent } from "#nodes/graph/events";
import { execute } from "#server/runtime/execute";
import { openBlobs } from "#server/storage/blobs";
import { graph, keptIn } from "#tests/kit/graphs";

const [store = "", model] = process.argv.slice(2);
const dir = await mkdtemp(join(tmpdir(), "patchbay-bench-"));
const blobs = openBlobs(store);
const file = model === undefined ? undefined : JSON.parse(model);
console.log(JSON.stringify({ ready: true }));
for await (const line of createInterface({ input: process.stdin })) {
  const isEnd = line.trim() === "end";
  const peak = Math.round(process.resourceUsage().maxRSS / 1024);
  console.log(JSON.stringify(isEnd ? { peakMiB: peak } : await run(line.trim())));
  if (isEnd) break;
}
await rm(dir, { recursive: true });
process.exit(0);

async function run(folder: string) {
  const document = documentFor(folder);
  await executed(document, folder, "data", () => {});
  let note: string | undefined;
  const start = performance.now();
  const result = await executed(document, folder, "norm", (event) => {
    if (event.kind === "node-progress" && event.node === "vision") note = event.note;
  });
  const ms = performance.now() - start;
  const stored = result.outputs.norm?.embedding?.value as { shape?: number[]; rows?: number };
  return { rows: stored.rows ?? stored.shape?.[0], ms, note };
}

async function executed(document: GraphDocument, folder: string, target: string, onEvent: (event: RunEvent) => void) {
  const result = await execute({
    document,
    targets: [target],
    ...keptIn(dir),
    blobs,
    folders: [folder],
    onEvent,
  });
  if (result.error) throw new Error(JSON.stringify(result.error));
  return result;
}

function documentFor(folder: string): GraphDocument {
  const small = { scope: "v", patch: 32, width: 64, layers: 2, heads: 2 };
  return graph(
    {
      data: ["data.folder", { folder, captions: "csv" }],
      resize: ["image.resize", { width: 224, height: 224 }],
      normalize: ["image.normalize", { preset: "half" }],
      vision: file ? ["model.onnx", { source: "upload", file }] : ["model.vision-transformer", small],
      norm: ["model.l2-normalize"],
    },
    [
      "data.image -> resize.image",
      "resize.image -> normalize.image",
      `normalize.pixels -> vision.${file ? "pixel_values" : "pixels"}`,
      `vision.${file ? "pooler_output" : "features"} -> norm.embedding`,
    ],
  );
}
