/**
 * The limit: a model in a loop over tensors that are there already. A line with a number runs so many rows and answers
 * with milliseconds. Started by bench/stream.ts.
 */
import { createInterface } from "node:readline";
import * as ort from "onnxruntime-node";
import { random } from "#models/random";
import { optionsFor } from "#server/runtime/sessions";

const [path = "", rowsPerCall = "4"] = process.argv.slice(2);
const size = Number(rowsPerCall);
const session = await ort.InferenceSession.create(path, optionsFor("cpu"));
const draw = random("bench");
const calls = Array.from({ length: 8 }, () => {
  const pixels = Float32Array.from({ length: size * 3 * 224 * 224 }, () => draw.normal());
  return { pixel_values: new ort.Tensor("float32", pixels, [size, 3, 224, 224]) };
});
await session.run(calls[0] as (typeof calls)[number], ["pooler_output"]);
console.log(JSON.stringify({ ready: true }));
for await (const line of createInterface({ input: process.stdin })) {
  const rows = Number(line);
  const start = performance.now();
  for (let done = 0; done < rows; done += size) {
    await session.run(calls[(done / size) % calls.length] as (typeof calls)[number], ["pooler_output"]);
  }
  console.log(JSON.stringify({ rows: Math.ceil(rows / size) * size, ms: performance.now() - start }));
}
