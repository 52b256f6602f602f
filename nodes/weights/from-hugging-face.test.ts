import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { readSafetensors, toFloat32, writeSafetensors } from "#models/files/safetensors";
import { runNode, testHost } from "#tests/kit/run-node";
import { fromHuggingFace } from "./from-hugging-face";

const stored = (folder: string) => readFileSync(`tests/fixtures/conformance/${folder}/model.safetensors`);

async function taken(file: Uint8Array) {
  const host = await testHost();
  const { weights } = await runNode(fromHuggingFace, { weights: { ref: await host.put(file) } }, {}, host);
  return readSafetensors(await host.get(weights.ref as string)).tensors;
}

it("joins query, key and value by rows, and turns CLIP's projections", async () => {
  const before = readSafetensors(stored("clip")).tensors;
  const after = await taken(stored("clip"));
  const numbers = (from: typeof before, name: string) => {
    const tensor = from.get(name);
    return tensor ? Array.from(toFloat32(tensor)) : [];
  };
  const joined = ["q_proj", "k_proj", "v_proj"].flatMap((part) =>
    numbers(before, `text_model.encoder.layers.1.self_attn.${part}.weight`),
  );
  expect(numbers(after, "transformer.resblocks.1.attn.in_proj_weight")).toEqual(joined);
  expect(after.get("transformer.resblocks.1.attn.in_proj_weight")?.shape).toEqual([96, 32]);
  expect(after.get("visual.proj")?.shape).toEqual([40, 24]);
  const projection = numbers(before, "visual_projection.weight");
  expect(numbers(after, "visual.proj").slice(0, 3)).toEqual([0, 1, 2].map((row) => projection[row * 40]));
  expect([...after.keys()].filter((name) => /_model\.|[qkv]_proj|layer_?norm/.test(name))).toEqual([]);
});

it("gives BLIP's encoder what its captioner shares with it", async () => {
  const names = [...(await taken(stored("blip-caption"))).keys()];
  expect(names).toContain("text_encoder.encoder.layer.0.crossattention.self.key.weight");
  expect(names).not.toContain("text_encoder.encoder.layer.0.attention.self.key.weight");
});

it("refuses names that are no port's, and fresh weights", async () => {
  const file = writeSafetensors([{ name: "weight", dtype: "F32", shape: [1], data: new Uint8Array(4) }]);
  await expect(taken(file)).rejects.toThrow("has not the names of Hugging Face's CLIP");
  await expect(runNode(fromHuggingFace, { weights: { seed: 0 } })).rejects.toThrow("have no names yet");
});
