import { readFileSync } from "node:fs";
import { cp } from "node:fs/promises";
import { join, resolve } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { sourceOf } from "#models/onnx/import/fields";
import type { Tensor } from "#nodes/core/values";
import { runModel } from "#server/runtime/hugging-face/run-model";
import { openBlobs } from "#server/storage/blobs";
import { loadValue } from "#server/runtime/values";
import { graph, runDocument } from "#tests/kit/graphs";
import { temporaryFolder } from "#tests/kit/run-node";
import { huggingFace } from "./hugging-face";

const set = resolve("tests/fixtures/conformance");
const configOf = (name: string): string => readFileSync(join(set, name, "config.json"), "utf8");
/** A model of the set, from its folder. */
const model = (name: string, params: object = {}): [string, Record<string, unknown>] => [
  "model.hugging-face",
  { source: "folder", folder: join(set, name), config: configOf(name), ...params },
];
const portsOf = (params: object) =>
  huggingFace.ports?.({ source: "folder", folder: "", className: "", layer: -1, ...params } as never);

/** What transformers' picture encoders look at, by the model and then by the layer (tests/fixtures/attentions.py). */
const attentions = JSON.parse(readFileSync("tests/fixtures/attentions.json", "utf8")) as Record<
  string,
  { shape: number[]; data: number[] }[]
>;
/** The class that is the picture encoder alone, where the folder's is not. */
const towerOf = (name: string): object => (name === "siglip" ? { className: "SiglipVisionModel" } : {});

/** Drawings as pixels of a size. */
const drawings = (side: number): Record<string, [string, Record<string, unknown>?]> => ({
  data: ["data.emoji", { vendors: ["openmoji"], limit: 6 }],
  resize: ["image.resize", { width: side, height: side }],
  normalize: ["image.normalize"],
});
const pixelWires = ["data.image -> resize.image", "resize.image -> normalize.image"];

async function valuesOf(document: ReturnType<typeof graph>, wanted: readonly string[]) {
  const dir = await temporaryFolder();
  const result = await runDocument(document, dir, { folders: [set] });
  expect(result.error).toBeUndefined();
  const blobs = openBlobs(join(dir, "blobs"));
  const values = wanted.map((name) => {
    const [node = "", port = ""] = name.split(".");
    return loadValue("tensor", result.outputs[node]?.[port]?.value, blobs) as Promise<Tensor>;
  });
  return { result, values: await Promise.all(values) };
}

/** The largest difference of two tensors of one shape. */
function gap(got: Tensor, wanted: Tensor): number {
  expect(got.shape).toEqual(wanted.shape);
  const numbers = wanted.data as Float32Array;
  return numbers.reduce((most, x, i) => Math.max(most, Math.abs(x - Number(got.data[i]))), 0);
}

describe("Hugging Face model", () => {
  it("has the ports that config.json says, with their shapes, before a weight is read", () => {
    const { inputs, outputs } = portsOf({ config: configOf("clip") }) ?? {};
    expect(Object.keys(inputs ?? {})).toEqual(["pixel_values", "input_ids", "attention_mask", "position_ids"]);
    expect(inputs?.pixel_values).toMatchObject({ dtype: "float32", shape: ["B", 3, "H", "W"], optional: true });
    expect(outputs?.image_embeds?.shape).toEqual(["B", 24]);
    expect(outputs?.vision_model_output_patches?.shape).toEqual(["B", "*", 40]);
    expect(outputs?.text_model_output_hidden_state?.shape).toEqual(["T", "L", 32]);
    expect(outputs?.vision_model_output_hidden_state?.shape).toEqual(["B", "*", 40]);
  });

  it("names the architectures that it knows, and the way out for one that it does not", () => {
    const config = JSON.stringify({ architectures: ["SwinModel"], model_type: "swin" });
    const params = { source: "folder", folder: "", config, className: "", layer: -1, fresh: false, scope: "" };
    const wrong = huggingFace.check?.(params as never);
    expect(wrong?.message).toMatch(/“SwinModel” is not known. Known are .*CLIPModel/);
    expect(wrong?.hint).toContain("ONNX model");
  });

  it("keeps config.json of an upload, and the weights beside it that it finds", async () => {
    const folder = join(set, "qwen2-untied-bf16-sharded");
    const beside = async (path: string) => {
      try {
        return sourceOf(readFileSync(join(folder, path)));
      } catch {
        return undefined;
      }
    };
    const kept = await huggingFace.inspect?.file?.read(sourceOf(readFileSync(join(folder, "config.json"))), beside);
    expect(kept?.files).toHaveLength(4);
    expect(kept).toMatchObject({ config: configOf("qwen2-untied-bf16-sharded") });
  });

  it("builds the picture encoder of CLIP alone, and gives what transformers gives", async () => {
    const document = graph({ ...drawings(32), clip: model("clip"), norm: ["model.l2-normalize"] }, [
      ...pixelWires,
      "normalize.pixels -> clip.pixel_values",
      "clip.image_embeds -> norm.embedding",
    ]);
    const { values } = await valuesOf(document, ["normalize.pixels", "clip.image_embeds"]);
    const [pixels, embeds] = values as [Tensor, Tensor];
    const { outputs } = await runModel(join(set, "clip-vision"), { call: "forward", inputs: { pixel_values: pixels } });
    expect(outputs.pooler_output?.shape).toEqual([6, 40]);
    const whole = await runModel(join(set, "clip"), {
      call: "forward",
      inputs: { pixel_values: pixels, input_ids: textIds },
    });
    expect(gap(embeds, whole.outputs.image_embeds as Tensor)).toBeLessThan(1e-5);
  });

  it("takes a model of the hub from where Hugging Face's tools left it", async () => {
    const cache = await temporaryFolder();
    const commit = "d".repeat(40);
    const snapshot = join(cache, "models--owner--vit", "snapshots", commit);
    await cp(join(set, "vit"), snapshot, { recursive: true });
    vi.stubEnv("HF_HUB_CACHE", cache);
    const hub = { source: "hub", folder: "", model: "owner/vit", revision: commit };
    const outputOf = async (params: object) => {
      const document = graph({ ...drawings(32), vit: model("vit", params) }, [
        ...pixelWires,
        "normalize.pixels -> vit.pixel_values",
      ]);
      return (await valuesOf(document, ["vit.pooler_output"])).values[0] as Tensor;
    };
    expect(gap(await outputOf(hub), await outputOf({}))).toBe(0);
    vi.unstubAllEnvs();
  });

  it("gives the patches of a chosen layer without the class token", async () => {
    const document = graph({ ...drawings(40), vit: model("vit", { layer: 1 }) }, [
      ...pixelWires,
      "normalize.pixels -> vit.pixel_values",
    ]);
    const { values } = await valuesOf(document, ["normalize.pixels", "vit.patches"]);
    const [pixels, patches] = values as [Tensor, Tensor];
    expect(patches.shape).toEqual([6, 25, 32]);
    const { outputs } = await runModel(join(set, "vit"), {
      call: "forward",
      inputs: { pixel_values: pixels },
      options: { output_hidden_states: true, interpolate_pos_encoding: true },
    });
    const state = outputs["hidden_states.1"] as Tensor;
    expect((patches.data as Float32Array).slice(0, 32)).toEqual((state.data as Float32Array).slice(32, 64));
  });

  it.each(Object.keys(attentions))("gives what %s's picture encoder looks at, as transformers does", async (name) => {
    const pixels = { name: "forward.in.pixel_values", as: "float32", row: [3, 32, 32] };
    const nodes: Parameters<typeof graph>[0] = {
      pixels: ["data.tensors", { folder: join(set, name), files: "expected.safetensors", columns: [pixels] }],
      first: model(name, { scope: "first", layer: 1, ...towerOf(name) }),
      last: model(name, { scope: "last", ...towerOf(name) }),
      one: ["output.export-tensor"],
      two: ["output.export-tensor"],
    };
    const { outputs = {} } = portsOf({ config: configOf(name), ...towerOf(name) }) ?? {};
    const port = Object.keys(outputs).find((each) => each.endsWith("attentions"));
    expect(outputs[port ?? ""]?.shape).toHaveLength(4);
    const document = graph(nodes, [
      "pixels.forward_in_pixel_values -> first.pixel_values",
      "pixels.forward_in_pixel_values -> last.pixel_values",
      `first.${port} -> one.tensor`,
      `last.${port} -> two.tensor`,
    ]);
    const { values } = await valuesOf(document, [`first.${port}`, `last.${port}`]);
    const wanted = attentions[name] ?? [];
    for (const [i, layer] of [wanted[0], wanted.at(-1)].entries()) {
      const { data = [], shape = [] } = layer ?? {};
      const got = { ...(values[i] as Tensor), shape: [1, ...(values[i]?.shape.slice(1) ?? [])] };
      expect(gap(got, { dtype: "float32", shape, data: Float32Array.from(data) })).toBeLessThan(2e-5);
    }
  });

  it("trains a new head on frozen features, from the folder's weights and with an adapter", async () => {
    const trained = (extra: Record<string, [string, Record<string, unknown>?]>, wires: readonly string[]) =>
      graph(
        {
          ...drawings(30),
          vit: model("vit-classifier"),
          labels: ["text.label-ids"],
          loss: ["loss.cross-entropy"],
          trainer: ["train.trainer", { steps: 3, batch: 4, lr: 0.01, warmup: 0 }],
          ...extra,
        },
        [
          ...pixelWires,
          "normalize.pixels -> vit.pixel_values",
          "vit.logits -> loss.logits",
          "data.group -> labels.text",
          "labels.ids -> loss.labels",
          "loss.loss -> trainer.loss",
          ...wires,
        ],
      );
    const dir = await temporaryFolder();
    const plain = await runDocument(trained({}, []), dir, { folders: [set] });
    expect(plain.error).toBeUndefined();
    const adapted = trained(
      {
        weights: ["weights.load", { source: "folder", folder: join(set, "vit-classifier") }],
        lora: ["weights.lora", { rank: 2, targets: "*query.weight" }],
      },
      ["weights.weights -> lora.weights", "lora.weights -> vit.weights"],
    );
    const result = await runDocument(adapted, dir, { folders: [set] });
    expect(result.error).toBeUndefined();
  });

  it("says which input an output lacks", async () => {
    const document = graph({ ...drawings(32), clip: model("clip"), norm: ["model.l2-normalize"] }, [
      ...pixelWires,
      "normalize.pixels -> clip.pixel_values",
      "clip.text_embeds -> norm.embedding",
    ]);
    const { error } = await runDocument(document, await temporaryFolder(), { folders: [set] });
    expect(error?.message).toContain("“text_embeds” needs the input “input_ids”");
  });
});

const textIds: Tensor = { dtype: "int64", shape: [1, 3], data: BigInt64Array.from([0n, 5n, 599n]) };
