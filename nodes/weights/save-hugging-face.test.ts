import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { openZip } from "#models/files/zip";
import { readSafetensors, writeSafetensors } from "#models/files/safetensors";
import type { Tensor } from "../core/values";
import { runModel } from "#server/runtime/hugging-face/run-model";
import { ids, runNode, temporaryFolder, testHost } from "#tests/kit/run-node";
import { writeFolder } from "#tests/kit/written-folder";
import { saveHuggingFace } from "./save-hugging-face";

const set = resolve("tests/fixtures/conformance");
const hostOf = () => testHost({ folders: [set] });
const json = (path: string) => JSON.parse(readFileSync(path, "utf8"));
const namesIn = (path: string) => [...readSafetensors(readFileSync(path)).tensors.keys()].sort();

describe("Save as Hugging Face folder", () => {
  it.each(["clip-vision", "vit-mae"])("writes the names that files on the hub have: %s", async (name) => {
    const out = await temporaryFolder();
    await writeFolder(await hostOf(), join(set, name), out);
    expect(namesIn(join(out, "model.safetensors"))).toEqual(namesIn(join(set, "hub", name, "model.safetensors")));
  });

  it("writes what one version reads beside what the other does: the three names of ViLT, the tied weight of BLIP", async () => {
    const host = await hostOf();
    const out = await temporaryFolder();
    await writeFolder(host, join(set, "vilt-mlm"), join(out, "vilt"));
    expect(namesIn(join(out, "vilt", "model.safetensors"))).toEqual(
      expect.arrayContaining(["mlm_score.bias", "mlm_score.decoder.bias", "mlm_score.decoder.weight"]),
    );
    await writeFolder(host, join(set, "blip-caption"), join(out, "blip"));
    const { tensors } = readSafetensors(readFileSync(join(out, "blip", "model.safetensors")));
    const words = tensors.get("text_decoder.bert.embeddings.word_embeddings.weight");
    expect(tensors.get("text_decoder.cls.predictions.decoder.weight")?.data).toEqual(words?.data);
  });

  it("gives an archive of the folder, sharded and rounded, that answers as the model does", async () => {
    const host = await hostOf();
    const out = await temporaryFolder();
    const choice = {
      source: "folder",
      folder: join(set, "qwen2"),
      name: "mine",
      largest: 0.00003,
      precision: "bfloat16",
    };
    const { file } = await runNode(saveHuggingFace, {}, choice, host);
    expect(file.name).toBe("mine.zip");
    const entries = openZip(await host.get(file.ref));
    await mkdir(join(out, "mine"));
    for (const { path, read } of entries) await writeFile(join(out, path), read());
    const names = entries.map(({ path }) => path.replace("mine/", ""));
    expect(names).toEqual(expect.arrayContaining(["config.json", "tokenizer.json", "generation_config.json"]));
    expect(names.filter((name) => name.endsWith(".safetensors")).length).toBeGreaterThan(1);
    expect(json(join(out, "mine", "config.json"))).toMatchObject({ dtype: "bfloat16", torch_dtype: "bfloat16" });
    const call = { call: "forward", inputs: { input_ids: ids([1, 4], [5, 9, 2, 7]) } };
    const { outputs: wanted } = await runModel(join(set, "qwen2"), call);
    const { outputs: got } = await runModel(join(out, "mine"), call);
    const gap = gapOf(got.logits, wanted.logits);
    expect(gap).toBeGreaterThan(0);
    expect(gap).toBeLessThan(0.1);
  });

  it("gives back what was trained, with the rest of the folder", async () => {
    const host = await hostOf();
    const out = await temporaryFolder();
    const bias = Float32Array.from({ length: 32 }, (_, i) => i);
    const trained = writeSafetensors([{ name: "mine.pooler.dense.bias", shape: [32], data: bias }]);
    const weights = { ref: await host.put(trained) };
    await writeFolder(host, join(set, "vit"), out, { weights, scope: "mine" });
    const before = readSafetensors(readFileSync(join(set, "vit", "model.safetensors"))).tensors;
    const after = readSafetensors(readFileSync(join(out, "model.safetensors"))).tensors;
    expect([...after.keys()].sort()).toEqual([...before.keys()].sort());
    for (const [name, { data }] of before) {
      const wanted = name === "pooler.dense.bias" ? new Uint8Array(bias.buffer) : data;
      expect(after.get(name)?.data).toEqual(wanted);
    }
    const lost = writeFolder(host, join(set, "vit"), out, { weights, scope: "other" });
    await expect(lost).rejects.toThrow("no parameter of the model behind the scope “other”");
  });

  it("refuses adapters and blocks, and says what to do", async () => {
    const host = await hostOf();
    const half = (part: string) => ({ name: `model.w.lora_${part}`, shape: [1, 1], data: new Float32Array(1) });
    const weights = { ref: await host.put(writeSafetensors([half("A"), half("B")])) };
    const written = writeFolder(host, join(set, "vit"), await temporaryFolder(), { weights });
    await expect(written).rejects.toMatchObject({ hint: expect.stringContaining("Merge adapters") });
  });
});

const gapOf = (got: Tensor | undefined, wanted: Tensor | undefined): number => {
  expect(got?.shape).toEqual(wanted?.shape);
  const numbers = wanted?.data as Float32Array;
  return numbers.reduce((most, x, i) => Math.max(most, Math.abs(x - Number(got?.data[i]))), 0);
};
