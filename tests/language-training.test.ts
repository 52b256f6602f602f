/** Training of language models from a folder: packed rows, adapters, less memory, and what is measured. */
import { join } from "node:path";
import { expect, it } from "vitest";
import { readSafetensors, toFloat32 } from "#models/files/safetensors";
import type { GraphDocument } from "#nodes/graph/document";
import { openBlobs } from "#server/storage/blobs";
import { graph, runDocument } from "#tests/kit/graphs";
import { temporaryFolder } from "#tests/kit/run-node";
import { tinyFolder, tinyModel } from "../scripts/gen/tiny-models";

const conversations = [
  ["Who are you?", "A patchbay."],
  ["What is tea?", "Leaves in hot water, then."],
  ["Where does the red boat lie, and since when?", "On the lake."],
  ["Why?", "Because."],
].map(([question, answer]) =>
  JSON.stringify([
    { role: "user", content: question },
    { role: "assistant", content: answer },
  ]),
);

interface Choices {
  /** Length of packed rows; absent: rows are padded. */
  packed?: number;
  lora?: boolean;
  trainer: Record<string, unknown>;
}

/** A tiny Qwen2 that learns answers, and what it thinks of them then. */
function learner({ packed, lora, trainer }: Choices): GraphDocument {
  const rows = packed === undefined ? "chat" : "pack";
  return graph(
    {
      data: ["text.input", { text: conversations.join("\n") }],
      tokenizer: ["text.load-tokenizer", { source: "folder", folder: join(tinyFolder, "qwen2") }],
      chat: ["text.chat-template", { rows: "messages", ending: "closed", side: "right" }],
      ...(packed === undefined ? {} : { pack: ["text.pack-sequences", { length: packed }] }),
      weights: ["weights.load", { source: "folder", folder: join(tinyFolder, "qwen2") }],
      ...(lora ? { lora: ["weights.lora", { rank: 4, alpha: 8, targets: "*_proj.weight" }] } : {}),
      model: ["model.hugging-face", tinyModel("qwen2")],
      loss: ["loss.causal-lm"],
      trainer: ["train.trainer", { warmup: 0, weightDecay: 0, checkpoint: 1000, ...trainer }],
      after: ["model.hugging-face", tinyModel("qwen2")],
      perplexity: ["eval.perplexity"],
    },
    [
      "data.text -> chat.text",
      "tokenizer.tokenizer -> chat.tokenizer",
      ...(packed === undefined
        ? []
        : [
            "chat.ids -> pack.ids",
            "chat.mask -> pack.mask",
            "chat.labels -> pack.labels",
            "pack.positions -> model.position_ids",
          ]),
      `${rows}.ids -> model.input_ids`,
      `${rows}.mask -> model.attention_mask`,
      ...(lora
        ? ["weights.weights -> lora.weights", "lora.weights -> model.weights"]
        : ["weights.weights -> model.weights"]),
      "model.logits -> loss.logits",
      `${rows}.labels -> loss.labels`,
      "loss.loss -> trainer.loss",
      "chat.ids -> after.input_ids",
      "chat.mask -> after.attention_mask",
      "trainer.weights -> after.weights",
      "after.logits -> perplexity.logits",
      "chat.labels -> perplexity.labels",
    ],
  );
}

/** The losses of the steps, the parameters after them, and what was measured then. */
async function trained(choices: Choices) {
  const dir = await temporaryFolder();
  const { error, outputs, events, number } = await runDocument(learner(choices), dir, { folders: [tinyFolder] });
  expect(error).toBeUndefined();
  const { ref } = outputs.trainer?.weights?.value as { ref: string };
  const { tensors } = readSafetensors(await openBlobs(join(dir, "blobs")).get(ref));
  return {
    losses: events.flatMap((event) => (event.kind === "metric" ? (event.values.loss ?? []) : [])),
    parameters: new Map([...tensors].map(([name, tensor]) => [name, toFloat32(tensor, name)])),
    perplexity: number("perplexity", "perplexity"),
    measured: { loss: number("perplexity", "loss"), accuracy: number("perplexity", "accuracy") },
  };
}

/** One step of plain gradient descent of rate 1: what parameters have moved by are their gradients. */
const oneStep = { steps: 1, optimizer: "sgd", momentum: 0, lr: 1, schedule: "constant", clipNorm: 0 };

function largestGap(one: ReadonlyMap<string, Float32Array>, other: ReadonlyMap<string, Float32Array>): number {
  expect([...one.keys()].sort()).toEqual([...other.keys()].sort());
  const gaps = [...one].map(([name, numbers]) =>
    numbers.reduce((most, x, i) => Math.max(most, Math.abs(x - (other.get(name)?.[i] ?? Number.NaN))), 0),
  );
  return Math.max(...gaps);
}

it("has the loss and the gradients of padded rows in packed ones", async () => {
  const padded = await trained({ trainer: { ...oneStep, batch: 4 } });
  const packed = await trained({ packed: 256, trainer: { ...oneStep, batch: 1 } });
  expect(packed.losses).toHaveLength(1);
  expect(packed.losses[0]).toBeCloseTo(padded.losses[0] as number, 5);
  expect(largestGap(packed.parameters, padded.parameters)).toBeLessThan(1e-5);
});

it("trains nothing but the adapters, and lowers the loss and the perplexity of what it learns", async () => {
  const trainer = { steps: 60, batch: 4, lr: 0.02, schedule: "constant" };
  const { losses, parameters, measured } = await trained({ lora: true, trainer });
  expect(losses.at(-1)).toBeLessThan((losses[0] as number) / 3);
  expect(measured.loss).toBeLessThan((losses[0] as number) / 3);
  expect(measured.accuracy).toBeGreaterThan(0.8);
  const first = await trained({ lora: true, trainer: { ...trainer, steps: 1, lr: 0 } });
  const moved = [...parameters].filter(([name, numbers]) =>
    numbers.some((x, i) => x !== first.parameters.get(name)?.[i]),
  );
  expect(moved.length).toBe(2 * 7 * 2);
  expect(moved.every(([name]) => /\.lora_[AB]$/.test(name))).toBe(true);
});

it("learns the same where layers are computed again in the backward pass", async () => {
  const kept = await trained({ trainer: { ...oneStep, batch: 4 } });
  const again = await trained({ trainer: { ...oneStep, batch: 4, recompute: "model" } });
  expect(again.losses).toEqual(kept.losses);
  expect(largestGap(again.parameters, kept.parameters)).toBeLessThan(1e-6);
});
