import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { readSafetensors, type StoredTensor, writeSafetensors } from "#models/files/safetensors";
import type { Host } from "../core/host";
import type { Tensor, Weights } from "../core/values";
import { runModel } from "#server/runtime/hugging-face/run-model";
import { loadValue } from "#server/runtime/values";
import { openBlobs } from "#server/storage/blobs";
import { graph, runDocument } from "#tests/kit/graphs";
import { runNode, temporaryFolder, testHost } from "#tests/kit/run-node";
import { writeFolder } from "#tests/kit/written-folder";
import { load } from "./load";
import { loadAdapter } from "./load-adapter";
import { merge } from "./merge";

const set = resolve("tests/fixtures/conformance");
const baseOf: Record<string, string> = {
  "lora-qwen2": "qwen2",
  "lora-qwen2-pattern": "qwen2",
  "lora-clip-vision": "clip-vision",
  "lora-clip": "clip",
};
const configIn = (folder: string) => JSON.parse(readFileSync(join(folder, "adapter_config.json"), "utf8"));
const heads = resolve("tests/fixtures/peft-heads");
/** A tensor beside an adapter of PEFT's. */
function expectedIn(name: string, key: string): Tensor {
  const { dtype, shape, data } = tensorsIn(join(heads, name, "expected.safetensors")).get(key) as StoredTensor;
  const bytes = data.slice().buffer;
  if (dtype === "I64") return { dtype: "int64", shape, data: new BigInt64Array(bytes) };
  return { dtype: "float32", shape, data: new Float32Array(bytes) };
}
const tensorsIn = (path: string) => readSafetensors(readFileSync(path)).tensors;

async function loaded(host: Host, adapter: string): Promise<Weights> {
  const folder = join(set, baseOf[adapter] ?? "");
  const { weights } = await runNode(load, {}, { source: "folder", folder }, host);
  const of = { source: "folder", folder: join(set, adapter) };
  return (await runNode(loadAdapter, { weights }, of, host)).weights;
}

describe("PEFT adapters", () => {
  it.each(Object.keys(baseOf))("are merged to what PEFT merges: %s", async (adapter) => {
    const host = await testHost({ folders: [set] });
    const { weights } = await runNode(merge, { weights: await loaded(host, adapter) }, {}, host);
    const got = readSafetensors(await host.get(weights.ref as string)).tensors;
    const wanted = [...tensorsIn(join(set, adapter, "expected.safetensors"))].filter(([name]) =>
      name.startsWith("weight."),
    );
    expect(wanted.length).toBeGreaterThan(0);
    for (const [name, { data }] of wanted) {
      const own = name.replace("weight.", "");
      const mine = got.get(own);
      expect(mine, own).toBeDefined();
      const numbers = new Float32Array((mine?.data ?? new Uint8Array()).slice().buffer);
      const theirs = new Float32Array(data.slice().buffer);
      expect(Math.max(...theirs.map((x, i) => Math.abs(x - (numbers[i] ?? Number.NaN))))).toBeLessThan(1e-6);
    }
  });

  it.each(Object.keys(baseOf))("are written as they came: %s", async (adapter) => {
    const out = await temporaryFolder();
    const host = await testHost({ folders: [set, out] });
    const weights = await loaded(host, adapter);
    const content = "LoRA adapter";
    await writeFolder(host, join(set, baseOf[adapter] ?? ""), out, { weights, scope: "", content });
    const [before, after] = [join(set, adapter), out].map((dir) => tensorsIn(join(dir, "adapter_model.safetensors")));
    for (const [name, tensor] of before ?? []) expect(after?.get(name)).toEqual(tensor);
    const [given, written] = [configIn(join(set, adapter)), configIn(out)];
    expect(written.use_rslora).toBe(given.use_rslora);
    expect([...written.target_modules].every((name: unknown) => typeof name === "string")).toBe(true);
    const again = await runNode(
      loadAdapter,
      { weights: { ref: weights.ref } },
      { source: "folder", folder: out },
      host,
    );
    const byTarget = ({ lora = [] }: Weights) => lora.toSorted((l, r) => `${l.targets}`.localeCompare(`${r.targets}`));
    expect(byTarget(again.weights)).toEqual(byTarget(weights));
    if (adapter !== "lora-qwen2-pattern") return;
    expect(Object.entries(written.rank_pattern)).toEqual([["model.layers.1.self_attn.v_proj", 3]]);
    expect(Object.entries(written.alpha_pattern)).toEqual([["model.layers.0.self_attn.q_proj", 5]]);
    expect(written).toMatchObject({ r: 8, lora_alpha: 16, target_modules: ["q_proj", "v_proj"] });
  });

  it("are what Hugging Face model computes with, whatever the versions call its layers", async () => {
    const folder = join(set, "clip-vision");
    const config = readFileSync(join(folder, "config.json"), "utf8");
    const document = graph(
      {
        data: ["data.emoji", { vendors: ["openmoji"], limit: 4 }],
        resize: ["image.resize", { width: 32, height: 32 }],
        normalize: ["image.normalize"],
        base: ["weights.load", { source: "folder", folder }],
        adapter: ["weights.load-adapter", { source: "folder", folder: join(set, "lora-clip-vision") }],
        clip: ["model.hugging-face", { source: "folder", folder, config }],
        norm: ["model.l2-normalize"],
      },
      [
        "data.image -> resize.image",
        "resize.image -> normalize.image",
        "normalize.pixels -> clip.pixel_values",
        "base.weights -> adapter.weights",
        "adapter.weights -> clip.weights",
        "clip.pooler_output -> norm.embedding",
      ],
    );
    const dir = await temporaryFolder();
    const { outputs, error } = await runDocument(document, dir, { folders: [set] });
    expect(error).toBeUndefined();
    const blobs = openBlobs(join(dir, "blobs"));
    const valueOf = (node: string, port: string) =>
      loadValue("tensor", outputs[node]?.[port]?.value, blobs) as Promise<Tensor>;
    const call = { call: "forward", inputs: { pixel_values: await valueOf("normalize", "pixels") } };
    const [adapted, bare] = await Promise.all(
      ["lora-clip-vision", "clip-vision"].map((n) => runModel(join(set, n), call)),
    );
    const got = (await valueOf("clip", "pooler_output")).data as Float32Array;
    const gap = (wanted: Tensor | undefined) =>
      Math.max(...got.map((x, i) => Math.abs(x - Number(wanted?.data[i] ?? Number.NaN))));
    expect(gap(adapted?.outputs.pooler_output)).toBeLessThan(1e-5);
    expect(gap(bare?.outputs.pooler_output)).toBeGreaterThan(1e-2);
  });

  it.each([
    ["vit-classifier", "vit-classifier", "pixel_values", "classifier.*"],
    ["vit-classifier-dora", "vit-classifier", "pixel_values", "classifier.*"],
    ["gpt2-dora", "gpt2", "input_ids", ""],
  ])("answer as PEFT does and are written again: %s", async (name, base, input, whole) => {
    const folder = join(heads, name);
    const host = await testHost({ folders: [resolve("tests/fixtures")] });
    const own = await runNode(load, {}, { source: "folder", folder: join(set, base) }, host);
    const { weights } = await runNode(loadAdapter, own, { source: "folder", folder }, host);
    const merged = await runNode(merge, { weights }, {}, host);
    const [out, again] = [await temporaryFolder(), await temporaryFolder()];
    await writeFolder(host, join(set, base), out, { weights: merged.weights, scope: "" });
    const adapter = { content: "LoRA adapter", scope: "", whole, base: join(set, base) };
    await writeFolder(host, join(set, base), again, { weights, ...adapter });
    const call = { call: "forward", inputs: { [input]: expectedIn(name, input) } };
    const { data: wanted } = expectedIn(name, "logits");
    for (const written of [out, again]) {
      const { outputs } = await runModel(written, call);
      const numbers = [...(wanted as Float32Array)];
      const gaps = numbers.map((x, i) => Math.abs(x - Number(outputs.logits?.data[i])));
      const largest = Math.max(...numbers.map(Math.abs));
      expect(Math.max(...gaps) / Math.max(1, largest)).toBeLessThan(1e-5);
    }
    const [first, second] = [folder, again].map((path) => tensorsIn(join(path, "adapter_model.safetensors")));
    for (const [key, { shape }] of first ?? []) expect([key, second?.get(key)?.shape]).toEqual([key, shape]);
    expect(configIn(again)).toMatchObject({ use_dora: name.endsWith("dora"), fan_in_fan_out: base === "gpt2" });
    expect(configIn(again).modules_to_save).toEqual(whole ? ["classifier"] : null);
  });

  it.each([
    ["vit-classifier-dora", "vit-classifier", "pixel_values", "loss.cross-entropy"],
    ["gpt2-dora", "gpt2", "input_ids", "loss.causal-lm"],
  ])("train as PEFT trains them: %s", async (name, base, input, loss) => {
    const folder = join(set, base);
    const config = readFileSync(join(folder, "config.json"), "utf8");
    const columns = [input, "targets"].map((column) => {
      const { dtype, shape } = expectedIn(name, column);
      return { name: column, as: dtype, row: shape.slice(1) };
    });
    const plain = {
      optimizer: "sgd",
      momentum: 0,
      lr: 0.01,
      warmup: 0,
      schedule: "constant",
      weightDecay: 0,
      clipNorm: 0,
    };
    const rows = expectedIn(name, "targets").shape[0];
    const document = graph(
      {
        data: ["data.tensors", { folder: join(heads, name), files: "expected.safetensors", columns }],
        base: ["weights.load", { source: "folder", folder }],
        adapter: ["weights.load-adapter", { source: "folder", folder: join(heads, name) }],
        before: ["model.hugging-face", { source: "folder", folder, config, scope: "model" }],
        loss: [loss],
        trainer: ["train.trainer", { ...plain, steps: 2, batch: rows }],
        after: ["model.hugging-face", { source: "folder", folder, config, scope: "model" }],
      },
      [
        `data.${input} -> before.${input}`,
        "base.weights -> adapter.weights",
        "adapter.weights -> before.weights",
        "before.logits -> loss.logits",
        "data.targets -> loss.labels",
        "loss.loss -> trainer.loss",
        `data.${input} -> after.${input}`,
        "trainer.weights -> after.weights",
      ],
    );
    const dir = await temporaryFolder();
    const { outputs, error } = await runDocument(document, dir, { folders: [resolve("tests/fixtures")] });
    expect(error?.message).toBeUndefined();
    const got = (await loadValue("tensor", outputs.after?.logits?.value, openBlobs(join(dir, "blobs")))) as Tensor;
    /** The largest difference, as a share of the largest number. */
    const gapTo = (key: string): number => {
      const numbers = expectedIn(name, key).data as Float32Array;
      const largest = numbers.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
      return numbers.reduce((most, x, i) => Math.max(most, Math.abs(x - Number(got.data[i]))), 0) / largest;
    };
    // PyTorch's own float32 lies 1.9e-6 to 3.3e-6 from its float64 on gpt2-dora, from machine to machine.
    expect(gapTo("trained_logits")).toBeLessThan(3e-6);
    expect(gapTo("logits")).toBeGreaterThan(2e-4);
  });

  it.each([
    ["llava", "model.language_model.layers.1.mlp.down_proj", [32, 64]],
    ["llava", "model.vision_tower.encoder.layers.0.self_attn.q_proj", [32, 32]],
    ["vit-mae", "decoder.decoder_layers.1.attention.q_proj", [24, 24]],
    ["hub/vit-mae", "vit.layers.0.mlp.fc1", [64, 32]],
  ])("are found on the layers of %s that transformers 5 calls %s", async (model, module, [height = 0, width = 0]) => {
    const out = await temporaryFolder();
    const config = { peft_type: "LORA", r: 1, lora_alpha: 1, target_modules: [module] };
    await writeFile(join(out, "adapter_config.json"), JSON.stringify(config));
    const half = (part: string, shape: number[]) => {
      const name = `base_model.model.${module}.lora_${part}.weight`;
      return { name, shape, data: new Float32Array(shape.reduce((product, size) => product * size)) };
    };
    const bytes = writeSafetensors([half("A", [1, width]), half("B", [height, 1])]);
    await writeFile(join(out, "adapter_model.safetensors"), bytes);
    const host = await testHost({ folders: [set, out] });
    const base = await runNode(load, {}, { source: "folder", folder: join(set, model) }, host);
    const { weights } = await runNode(loadAdapter, base, { source: "folder", folder: out }, host);
    const [target = ""] = weights.lora?.[0]?.targets ?? [];
    expect(tensorsIn(join(set, model, "model.safetensors")).get(target)?.shape).toEqual([height, width]);
  });

  it("are told where the weights are not those of their base", async () => {
    const host = await testHost({ folders: [set] });
    const { weights } = await runNode(load, {}, { source: "folder", folder: join(set, "vit") }, host);
    const asked = runNode(loadAdapter, { weights }, { source: "folder", folder: join(set, "lora-qwen2") }, host);
    await expect(asked).rejects.toThrow("the weights hold no such matrix");
  });
});
