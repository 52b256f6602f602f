import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import * as ort from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { readSafetensors, toFloat32 } from "#models/files/safetensors";
import { planAnyRes } from "#models/pictures/anyres";
import { anyResPacking } from "#models/pictures/packing";
import { temporaryFolder, testHost } from "#tests/kit/run-node";
import { type Cached, greedy, openCached, stepOf } from "#tests/kit/cached-decoder";
import { writeFolder } from "#tests/kit/written-folder";

const set = resolve("tests/fixtures/conformance");
const decoders = ["llama", "llama3-scaled", "qwen2", "qwen2-untied-bf16-sharded", "mistral", "phi3", "gpt2"];

/** The folder of a model, written as ONNX models of these names. */
async function writtenParts(name: string, stems: readonly string[]): Promise<string[]> {
  const out = await temporaryFolder();
  const host = await testHost({ folders: [set] });
  const files = await writeFolder(host, join(set, name), out, { content: "ONNX model" });
  const paths = stems.map((stem) => `onnx/${stem}.onnx`);
  expect(files).toContain("config.json");
  expect(files.filter((file) => /\.(onnx|safetensors)$/.test(file))).toEqual(paths);
  return paths.map((path) => join(out, path));
}
const written = async (name: string): Promise<string> => (await writtenParts(name, ["model"]))[0] as string;

const open = (path: string | undefined) => ort.InferenceSession.create(path as string, { logSeverityLevel: 3 });
const asTensor = ({ data, shape }: Stored) =>
  new ort.Tensor(data instanceof BigInt64Array ? "int64" : "float32", data as never, shape);

/** The tokens of a case, with its prompt, and what a decoder makes of the prompt. */
async function expectSequences(decoder: Cached, { inputs, outputs }: Stores, begin?: number): Promise<void> {
  const sequences = rowsOf(outputs.sequences as Stored);
  const prompts = inputs.input_ids ? rowsOf(inputs.input_ids) : sequences.map(() => [begin as number]);
  const mask = inputs.attention_mask ? rowsOf(inputs.attention_mask) : prompts.map((row) => row.map(() => 1));
  const made = (sequences[0]?.length ?? 0) - (prompts[0]?.length ?? 0);
  expect(await greedy(decoder, prompts, mask, made)).toEqual(sequences);
}

interface Case {
  name: string;
  inputs: Record<string, string>;
  outputs: Record<string, string>;
}
interface Stores {
  inputs: Record<string, Stored>;
  outputs: Record<string, Stored>;
}
function casesOf(name: string): Record<string, Stores> {
  const { cases } = JSON.parse(readFileSync(join(set, name, "expected.json"), "utf8")) as { cases: Case[] };
  const { tensors } = readSafetensors(readFileSync(join(set, name, "expected.safetensors")));
  const read = (paths: Record<string, string>) =>
    Object.fromEntries(
      Object.entries(paths).map(([path, key]) => {
        const { dtype, shape, data } = tensors.get(key) as never as {
          dtype: string;
          shape: number[];
          data: Uint8Array;
        };
        if (dtype === "I64") return [path, { shape, data: new BigInt64Array(data.slice().buffer) }];
        return [path, { shape, data: toFloat32({ dtype, data: data as Uint8Array<ArrayBuffer> }) }];
      }),
    );
  return Object.fromEntries(cases.map((c) => [c.name, { inputs: read(c.inputs), outputs: read(c.outputs) }]));
}
interface Stored {
  shape: number[];
  data: Float32Array | BigInt64Array;
}
const gap = (got: ArrayLike<number>, wanted: ArrayLike<number>) => {
  expect(got.length).toBe(wanted.length);
  return Array.from(wanted, (x, i) => Math.abs(x - (got[i] as number))).reduce((a, b) => Math.max(a, b), 0);
};
const rowsOf = ({ shape, data }: Stored): number[][] =>
  Array.from({ length: shape[0] as number }, (_, row) =>
    Array.from(data.slice(row * (shape[1] as number), (row + 1) * (shape[1] as number)), Number),
  );

/** Tokens of a picture's tiles as LLaVA lays them out: no padding, and the checkpoint's newline behind each row. */
function packedTokens(name: string, { inputs }: Stores, features: ort.Tensor, most: number | undefined) {
  const config = JSON.parse(readFileSync(join(set, name, "config.json"), "utf8"));
  const { tensors } = readSafetensors(readFileSync(join(set, name, "model.safetensors")));
  const [found, stored] = [...tensors].find(([tensor]) => tensor.endsWith("image_newline")) ?? [];
  if (found === undefined || !stored) throw new Error(`${name} has no newline`);
  const end = toFloat32(stored, found);
  const { image_size: tile, patch_size: patch } = config.vision_config;
  const [height, width] = Array.from((inputs.image_sizes as Stored).data, Number);
  const plan = planAnyRes(
    { width: width ?? 0, height: height ?? 0 },
    {
      tile,
      side: Math.floor(tile / patch),
      resolutions: config.image_grid_pinpoints.map(([h, w]: number[]) => ({ height: h, width: w })),
      most,
      rounding: "transformers",
    },
  );
  const { tokens, index, weights } = anyResPacking(plan, Math.floor(tile / patch));
  const wide = end.length;
  const numbers = features.data as Float32Array;
  const featureAt = (place: number) => (place < 0 ? end : numbers.subarray(place * wide, (place + 1) * wide));
  return Array.from({ length: tokens }, (_, token) => {
    const sum = new Float32Array(wide);
    for (let k = token * 4; k < token * 4 + 4; k++) {
      const share = weights[k] as number;
      if (share) featureAt(index[k] as number).forEach((x, i) => (sum[i] = (sum[i] as number) + share * x));
    }
    return sum;
  });
}

describe("an ONNX model of a folder", () => {
  it.each(decoders)("writes what transformers writes, greedy and padded at the left: %s", async (name) => {
    const decoder: Cached = await openCached(await written(name));
    await expectSequences(decoder, casesOf(name).greedy as Stores);
  });

  it.each(["llava", "blip2"])("puts a picture among the words, in three parts: %s", async (name) => {
    const parts = await writtenParts(name, ["vision_encoder", "embed_tokens", "decoder_model_merged"]);
    const [vision, words] = await Promise.all([open(parts[0]), open(parts[1])]);
    const { greedy: wanted } = casesOf(name) as { greedy: Stores };
    const { image_features: seen } = await vision.run({ pixel_values: asTensor(wanted.inputs.pixel_values as Stored) });
    const { image_token_index: place } = JSON.parse(readFileSync(join(set, name, "config.json"), "utf8"));
    const embedded = async (ids: ort.Tensor): Promise<ort.Tensor> => {
      const { inputs_embeds: embeds } = await words.run({ input_ids: ids });
      const [numbers, features] = [embeds, seen].map((tensor) => tensor?.data as Float32Array);
      const width = seen?.dims.at(-1) as number;
      let used = 0;
      for (const [i, id] of (ids.data as BigInt64Array).entries()) {
        if (id !== BigInt(place)) continue;
        numbers?.set(features?.subarray(used * width, ++used * width) ?? [], i * width);
      }
      return embeds as ort.Tensor;
    };
    await expectSequences(await openCached(parts[2] as string, { embedded }), wanted);
  });

  it.each([
    ["llava-next", undefined],
    ["llava-onevision", 4],
  ])("sees single tiles, which are packed behind it, and writes with past and present: %s", async (name, most) => {
    const parts = await writtenParts(name, ["vision_encoder", "embed_tokens", "decoder_model_merged"]);
    const [vision, words] = await Promise.all([open(parts[0]), open(parts[1])]);
    const { greedy: wanted } = casesOf(name) as { greedy: Stores };
    const { data, shape } = wanted.inputs.pixel_values as Stored;
    const tiles = new ort.Tensor("float32", data as Float32Array, shape.slice(1));
    const { image_features: features } = await vision.run({ pixel_values: tiles });
    const seen = packedTokens(name, wanted, features as ort.Tensor, most);
    const { image_token_index: place } = JSON.parse(readFileSync(join(set, name, "config.json"), "utf8"));
    const embedded = async (ids: ort.Tensor): Promise<ort.Tensor> => {
      const { inputs_embeds: embeds } = await words.run({ input_ids: ids });
      const numbers = embeds?.data as Float32Array;
      const width = embeds?.dims.at(-1) as number;
      const places = [...(ids.data as BigInt64Array).entries()].filter(([, id]) => id === BigInt(place));
      for (const [used, [i]] of places.entries()) numbers.set(seen[used] ?? [], i * width);
      return embeds as ort.Tensor;
    };
    const prompt = rowsOf(wanted.inputs.input_ids as Stored)[0] ?? [];
    expect(prompt.filter((id) => id === place)).toHaveLength(seen.length);
    await expectSequences(await openCached(parts[2] as string, { embedded }), wanted);
  });

  it("captions a picture that it looks at all along, in two parts", async () => {
    const parts = await writtenParts("blip-caption", ["encoder_model", "decoder_model_merged"]);
    const encoder = await open(parts[0]);
    const { greedy: wanted } = casesOf("blip-caption") as { greedy: Stores };
    const { last_hidden_state: seen } = await encoder.run({
      pixel_values: asTensor(wanted.inputs.pixel_values as Stored),
    });
    const decoder = await openCached(parts[1] as string, { also: { encoder_hidden_states: seen as ort.Tensor } });
    const { text_config: text } = JSON.parse(readFileSync(join(set, "blip-caption", "config.json"), "utf8"));
    await expectSequences(decoder, { ...wanted, inputs: {} }, text.bos_token_id);
    expect(decoder.session.inputNames).toEqual(expect.arrayContaining(["past_key_values.1.value"]));
  });

  it("gives the same scores of whole texts as of texts in parts", async () => {
    const decoder = await openCached(await written("mistral"));
    const text = [5, 9, 2, 7, 11, 3, 8, 4, 6, 10];
    const ones = text.map(() => 1);
    const whole = await stepOf(decoder, [text], [ones]);
    const first = await stepOf(decoder, [text.slice(0, 6)], [ones.slice(0, 6)]);
    const rest = await stepOf(decoder, [text.slice(6)], [ones], first.presents);
    const width = whole.logits.dims[2] as number;
    expect(gap(rest.logits.data as Float32Array, (whole.logits.data as Float32Array).slice(6 * width))).toBeLessThan(
      1e-5,
    );
  });

  it("says everything by the names of Optimum", async () => {
    const { session } = await openCached(await written("qwen2"));
    const layers = [0, 1].flatMap((i) => [`${i}.key`, `${i}.value`]);
    const past = layers.map((name) => `past_key_values.${name}`);
    expect([...session.inputNames].sort()).toEqual(["attention_mask", "input_ids", ...past, "position_ids"].sort());
    expect(session.outputNames).toEqual(["logits", ...layers.map((name) => `present.${name}`)]);
  });

  it.each([
    ["bert", ["input_ids", "attention_mask", "token_type_ids"], ["last_hidden_state", "pooler_output"]],
    ["vit", ["pixel_values"], ["last_hidden_state", "pooler_output"]],
    ["vit-classifier", ["pixel_values"], ["logits"]],
    ["clip", ["input_ids", "attention_mask", "pixel_values"], ["logits_per_image", "text_embeds", "image_embeds"]],
    ["siglip", ["input_ids", "pixel_values"], ["logits_per_text", "image_embeds"]],
    ["dinov2-swiglu", ["pixel_values"], ["last_hidden_state"]],
    ["convnext", ["pixel_values"], ["pooler_output"]],
    ["bert-mlm", ["input_ids", "attention_mask", "token_type_ids"], ["logits"]],
  ])("takes and gives what the class does: %s", async (name, inputs, outputs) => {
    const session = await ort.InferenceSession.create(await written(name), { logSeverityLevel: 3 });
    expect([...session.inputNames].sort()).toEqual([...inputs].sort());
    const { forward } = casesOf(name);
    const ids = forward?.inputs.input_ids;
    const types: Stored = { shape: ids?.shape ?? [], data: new BigInt64Array(ids?.data.length ?? 0) };
    const feeds = Object.fromEntries(
      session.inputNames.map((input) => {
        const { data, shape } = forward?.inputs[input] ?? types;
        return [input, new ort.Tensor(data instanceof BigInt64Array ? "int64" : "float32", data as never, shape)];
      }),
    );
    const results = await session.run(feeds);
    for (const output of outputs) {
      const wanted = forward?.outputs[output]?.data as Float32Array;
      expect(gap(results[output]?.data as Float32Array, wanted)).toBeLessThan(
        3e-5 * (1 + wanted.reduce((most, x) => Math.max(most, Math.abs(x)), 0)),
      );
    }
  });
});
