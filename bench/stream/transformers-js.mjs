/**
 * The same with transformers.js. A line with a folder's path takes its pictures through the model, some at a time.
 * Started by bench/stream.ts in a folder where the library is installed.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { AutoModel, AutoProcessor, env, RawImage } from "@huggingface/transformers";

const [models, name, size] = process.argv.slice(2);
env.allowRemoteModels = false;
env.localModelPath = models;
const [processor, model] = await Promise.all([
  AutoProcessor.from_pretrained(name),
  AutoModel.from_pretrained(name, { dtype: "fp32" }),
]);
console.log(JSON.stringify({ ready: true }));
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "end") {
    console.log(JSON.stringify({ peakMiB: Math.round(process.resourceUsage().maxRSS / 1024) }));
    break;
  }
  const files = (await readdir(line)).filter((file) => file.endsWith(".jpg")).map((file) => join(line, file));
  const start = performance.now();
  const embeddings = [];
  for (let first = 0; first < files.length; first += Number(size)) {
    const images = await Promise.all(files.slice(first, first + Number(size)).map((file) => RawImage.read(file)));
    const { pooler_output } = await model(await processor(images));
    embeddings.push(pooler_output.normalize(2, -1));
  }
  console.log(JSON.stringify({ rows: files.length, ms: performance.now() - start }));
}
process.exit(0);
