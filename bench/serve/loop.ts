/** The model of `bench:serve` called in a loop, a picture at a time, by sharp and ONNX Runtime: pictures a second. */
import { readFileSync } from "node:fs";
import * as ort from "onnxruntime-node";
import sharp from "sharp";
import { normalizations, normalizedPixels } from "#models/pictures/normalization";
import { setParam } from "#nodes/graph/edits";
import { compile } from "#server/compile";
import { embeddings, pictures } from "./embeddings";

const seconds = Number(process.argv[2] ?? 20);
const side = 48;
const weights = readFileSync("models/checkpoints/clip-emoji.safetensors");
// A version that is served has no pictures of its own, and what has none cannot be compiled.
const some = [{ ref: "0".repeat(64), name: "some.png" }];
const compiled = await compile(setParam(embeddings, "load", "images", some), { weights });
if ("problems" in compiled) throw new Error(compiled.problems[0]?.message);
const session = await ort.InferenceSession.create(compiled.models[0]?.model as Uint8Array);
const files = await pictures();
for (let i = 0; i < 20; i++) await embed(files[i % files.length] as Buffer);
const began = performance.now();
let done = 0;
for (; performance.now() - began < seconds * 1000; done++) await embed(files[done % files.length] as Buffer);
console.log(done / ((performance.now() - began) / 1000));

async function embed(file: Buffer): Promise<Float32Array> {
  const scaled = sharp(file).resize(side, side, { fit: "contain", background: "#fff", kernel: "cubic" });
  const pixels = await scaled.removeAlpha().raw().toBuffer();
  const data = normalizedPixels(pixels, 1, normalizations.clip);
  const given = await session.run({
    [session.inputNames[0] as string]: new ort.Tensor("float32", data, [1, 3, side, side]),
  });
  return given["norm.embedding"]?.data as Float32Array;
}
