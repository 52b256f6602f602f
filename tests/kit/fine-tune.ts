/** Models of the conformance set, trained for five steps and written as folders, with what they answer then. */
import { writeFile } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { safetensorsParts } from "#models/files/safetensors";
import type { FileValue, Tensor } from "#nodes/core/values";
import { tensorToWrite } from "#server/runtime/hugging-face/tensor-files";
import { loadValue } from "#server/runtime/values";
import { openBlobs } from "#server/storage/blobs";
import { graph, runDocument } from "./graphs";
import { temporaryFolder, testHost } from "./run-node";
import { writeFiles } from "./written-folder";

const set = resolve("tests/fixtures/conformance");

export interface FineTuned {
  inputs: Record<string, Tensor>;
  /** What the graph that trained it gives for them afterwards. */
  logits: Tensor;
}

export type Recipe = "language model" | "language model, adapter" | "language model, DoRA" | "classifier";

/**
 * Trains, writes the folder into `out`, and beside it `patchbay.safetensors` with inputs and scores, for others to
 * compare with.
 */
export async function fineTune(recipe: Recipe, out: string): Promise<FineTuned> {
  const document = recipe === "classifier" ? classifier() : languageModel(recipe);
  const dir = await temporaryFolder();
  const { outputs, error } = await runDocument(document, dir, { folders: [set] });
  if (error) throw new Error(error.message);
  const blobs = openBlobs(join(dir, "blobs"));
  const valueOf = (node: string, port: string) =>
    loadValue("tensor", outputs[node]?.[port]?.value, blobs) as Promise<Tensor>;
  const inputs: Record<string, Tensor> =
    recipe === "classifier"
      ? { pixel_values: await valueOf("normalize", "pixels") }
      : { input_ids: await valueOf("tokenize", "ids"), attention_mask: await valueOf("tokenize", "mask") };
  const logits = await valueOf("after", "logits");
  await writeFiles(await testHost({ blobs }), outputs.save?.file?.value as FileValue, out);
  const tensors = Object.entries({ ...inputs, logits }).map(([name, tensor]) => tensorToWrite(name, tensor));
  await writeFile(join(out, "patchbay.safetensors"), safetensorsParts(tensors));
  return { inputs, logits };
}

const trainer = { steps: 5, batch: 4, lr: 0.01, warmup: 0 };

/** A model's folder, as its node and *Save as Hugging Face folder* take it. */
function folderOf(name: string) {
  const folder = join(set, name);
  return { source: "folder", folder, config: readFileSync(join(folder, "config.json"), "utf8") };
}

function languageModel(recipe: Exclude<Recipe, "classifier">) {
  const isAdapted = recipe !== "language model";
  const { config, ...folder } = folderOf("qwen2");
  const content = isAdapted ? "LoRA adapter" : "whole model";
  const targets = "*q_proj.weight\n*1.mlp.down_proj.weight";
  const lora = { rank: 2, alpha: 8, stabilized: true, dora: recipe === "language model, DoRA", targets };
  return graph(
    {
      data: ["data.emoji", { vendors: ["openmoji"], limit: 8 }],
      tokenizer: ["text.load-tokenizer", folder],
      tokenize: ["text.tokenize", { length: 12, packing: "own" }],
      base: ["weights.load", folder],
      ...(isAdapted ? { lora: ["weights.lora", lora] } : {}),
      before: ["model.hugging-face", { ...folder, config }],
      loss: ["loss.causal-lm"],
      trainer: ["train.trainer", trainer],
      after: ["model.hugging-face", { ...folder, config }],
      save: ["weights.save-hugging-face", { ...folder, archive: "files", content }],
    },
    [
      "data.name -> tokenize.text",
      "tokenizer.tokenizer -> tokenize.tokenizer",
      "tokenize.ids -> before.input_ids",
      "tokenize.mask -> before.attention_mask",
      ...(isAdapted
        ? ["base.weights -> lora.weights", "lora.weights -> before.weights"]
        : ["base.weights -> before.weights"]),
      "before.logits -> loss.logits",
      "tokenize.ids -> loss.labels",
      "tokenize.mask -> loss.mask",
      "loss.loss -> trainer.loss",
      "tokenize.ids -> after.input_ids",
      "tokenize.mask -> after.attention_mask",
      "trainer.weights -> after.weights",
      "trainer.weights -> save.weights",
    ],
  );
}

function classifier() {
  const { config, ...folder } = folderOf("vit-classifier");
  return graph(
    {
      data: ["data.emoji", { vendors: ["openmoji"], limit: 6 }],
      resize: ["image.resize", { width: 30, height: 30 }],
      normalize: ["image.normalize"],
      labels: ["text.label-ids"],
      before: ["model.hugging-face", { ...folder, config }],
      loss: ["loss.cross-entropy"],
      trainer: ["train.trainer", trainer],
      after: ["model.hugging-face", { ...folder, config }],
      save: ["weights.save-hugging-face", { ...folder, archive: "files" }],
    },
    [
      "data.image -> resize.image",
      "resize.image -> normalize.image",
      "normalize.pixels -> before.pixel_values",
      "before.logits -> loss.logits",
      "data.group -> labels.text",
      "labels.ids -> loss.labels",
      "loss.loss -> trainer.loss",
      "normalize.pixels -> after.pixel_values",
      "trainer.weights -> after.weights",
      "trainer.weights -> save.weights",
    ],
  );
}
