import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readSafetensors } from "#models/files/safetensors";
import { graph, runDocument } from "#tests/kit/graphs";
import { temporaryFolder } from "#tests/kit/run-node";
import type { StoredTensor } from "#server/runtime/values";
import { check } from "#nodes/graph/check";
import type { GraphDocument } from "#nodes/graph/document";
import { asArray } from "#server/runtime/values";
import { openBlobs } from "#server/storage/blobs";
import { tinyFolder, tinyModel } from "../../scripts/gen/tiny-models";

interface Case {
  name: string;
  text?: string[];
  kwargs: { num_beams: number; max_new_tokens: number; eos_token_id: number };
  outputs: Record<string, string>;
}

const sizes = { vocabulary: 560, width: 32, layers: 2, heads: 4, keyHeads: 2, hidden: 48 };
const prompts = ["a red boat on the lake", "tea", "the cat sees the cup"];

/** A tiny model with fresh weights that writes on behind texts. */
function writer(text: readonly string[], params: Record<string, unknown> = {}, decoder = {}): GraphDocument {
  return graph(
    {
      corpus: ["text.input", { text: prompts.join("\n") }],
      text: ["text.input", { text: text.join("\n") }],
      tokenizer: ["text.train-tokenizer", { vocabulary: 560 }],
      tokenize: ["text.tokenize", { packing: "own", padding: "longest", side: "left", length: 32 }],
      model: ["model.llm-decoder", { ...sizes, ...decoder }],
      generate: ["text.generate", { longest: 6, ...params }],
    },
    [
      "corpus.text -> tokenizer.text",
      "text.text -> tokenize.text",
      "tokenizer.tokenizer -> tokenize.tokenizer",
      "tokenize.ids -> model.ids",
      "tokenize.mask -> model.mask",
      "model.logits -> generate.logits",
      "tokenizer.tokenizer -> generate.tokenizer",
    ],
  );
}

async function tokensOf(document: GraphDocument, folder?: string): Promise<bigint[][]> {
  const dir = folder ?? (await temporaryFolder());
  const result = await runDocument(document, dir, { folders: [tinyFolder] });
  expect(result.error).toBeUndefined();
  const { dtype, shape, ref } = result.outputs.generate?.tokens?.value as StoredTensor;
  const data = asArray(dtype, await openBlobs(`${dir}/blobs`).get(ref)) as BigInt64Array;
  const [rows = 0, length = 0] = shape;
  return Array.from({ length: rows }, (_, row) => [...data.subarray(row * length, (row + 1) * length)]);
}

it("writes on behind prompts of different lengths as behind each alone", async () => {
  const together = await tokensOf(writer(prompts));
  expect(together.map(({ length }) => length)).toEqual([6, 6, 6]);
  for (const [row, prompt] of prompts.entries()) expect(await tokensOf(writer([prompt]))).toEqual([together[row]]);
});

it("sees a window of the earlier tokens alone where the decoder has one", async () => {
  const near = await tokensOf(writer(prompts, {}, { window: 2 }));
  const far = await tokensOf(writer(prompts, {}, { window: 40 }));
  expect(far).toEqual(await tokensOf(writer(prompts)));
  expect(near).not.toEqual(far);
});

it("reads on behind a beginning that it has read before, with the same result", async () => {
  const long = `${prompts[0]} ${prompts[2]}`;
  const fresh = await tokensOf(writer([long]));
  const folder = await temporaryFolder();
  await tokensOf(writer([prompts[0] as string]), folder);
  expect(await tokensOf(writer([long]), folder)).toEqual(fresh);
});

it("streams its text while it writes, and tells how fast", async () => {
  const result = await runDocument(writer(prompts), await temporaryFolder());
  const told = result.events.flatMap((event) => (event.kind === "node-progress" && event.previews ? [event] : []));
  expect(told.length).toBeGreaterThan(3);
  expect(told.every(({ previews, note }) => previews?.text?.type === "text" && note?.endsWith("tokens/s"))).toBe(true);
  expect(result.number("generate", "speed")).toBeGreaterThan(0);
});

it("draws the same with the same seed, and other texts with another", async () => {
  const draw = (seed: number) => tokensOf(writer(prompts, { strategy: "sampling", temperature: 3, seed }));
  const first = await draw(1);
  expect(await draw(1)).toEqual(first);
  expect(await draw(2)).not.toEqual(first);
});

it.each([1, -0.5])("searches with beams as transformers does, ended ones by a penalty of %d", async (lengthPenalty) => {
  const folder = join(tinyFolder, "qwen2");
  const { cases } = JSON.parse(readFileSync(join(folder, "expected.json"), "utf8")) as { cases: Case[] };
  const name = `beam4-eos-penalty${lengthPenalty > 0 ? "+1.0" : "-0.5"}`;
  const { text = [], kwargs, outputs } = cases.find((one) => one.name === name) as Case;
  const { tensors } = readSafetensors(readFileSync(join(folder, "expected.safetensors")));
  const stored = tensors.get(outputs.sequences as string);
  const sequence = [...new BigInt64Array(Uint8Array.from(stored?.data ?? []).buffer)];
  const search = { strategy: "beams", beams: kwargs.num_beams, lengthPenalty };
  const document = graph(
    {
      text: ["text.input", { text: text.join("\n") }],
      tokenizer: ["text.load-tokenizer", { source: "folder", folder }],
      tokenize: ["text.tokenize", { packing: "own", padding: "longest", length: 64 }],
      model: ["model.hugging-face", tinyModel("qwen2")],
      generate: ["text.generate", { longest: kwargs.max_new_tokens, ends: String(kwargs.eos_token_id), ...search }],
    },
    [
      "text.text -> tokenize.text",
      "tokenizer.tokenizer -> tokenize.tokenizer",
      "tokenize.ids -> model.input_ids",
      "tokenize.mask -> model.attention_mask",
      "model.logits -> generate.logits",
      "tokenizer.tokenizer -> generate.tokenizer",
    ],
  );
  const [made = []] = await tokensOf(document);
  expect(made.length).toBeGreaterThan(2);
  expect(made).toEqual(sequence.slice(-made.length));
});

it("draws beams, the same for the same seed", async () => {
  const draw = (seed: number) => tokensOf(writer(prompts, { strategy: "drawn beams", beams: 3, temperature: 3, seed }));
  const first = await draw(1);
  expect(await draw(1)).toEqual(first);
  expect(await draw(2)).not.toEqual(first);
});

it("stops when it is cancelled between two tokens", async () => {
  const controller = new AbortController();
  const { status } = await runDocument(writer(prompts, { longest: 100_000 }), await temporaryFolder(), {
    signal: controller.signal,
    onEvent: (event) => void (event.kind === "node-progress" && event.previews && controller.abort()),
  });
  expect(status).toBe("cancelled");
});

it("names an end token that the tokenizer has not", async () => {
  const { error } = await runDocument(writer(prompts, { ends: "<|nothing|>" }), await temporaryFolder());
  expect(error).toMatchObject({ node: "generate", message: expect.stringContaining("<|nothing|>") });
});

it("writes what its decoder was trained to say", async () => {
  const said = ["a red boat sails", "the cat sees the cup"];
  const document = graph(
    {
      corpus: ["text.input", { text: said.join("\n") }],
      begun: ["text.input", { text: "a red\nthe cat" }],
      tokenizer: ["text.train-tokenizer", { vocabulary: 560 }],
      tokenize: ["text.tokenize", { packing: "own", padding: "longest", length: 32 }],
      begin: ["text.tokenize", { packing: "own", padding: "longest", length: 32 }],
      decoder: ["model.llm-decoder", sizes],
      loss: ["loss.causal-lm"],
      trainer: ["train.trainer", { steps: 80, batch: 2, warmup: 5, lr: 0.01, weightDecay: 0 }],
      trained: ["model.llm-decoder", sizes],
      generate: ["text.generate", { longest: 4 }],
    },
    [
      "corpus.text -> tokenizer.text",
      "corpus.text -> tokenize.text",
      "begun.text -> begin.text",
      "tokenizer.tokenizer -> tokenize.tokenizer",
      "tokenizer.tokenizer -> begin.tokenizer",
      "tokenize.ids -> decoder.ids",
      "tokenize.mask -> decoder.mask",
      "decoder.logits -> loss.logits",
      "tokenize.ids -> loss.labels",
      "tokenize.mask -> loss.mask",
      "loss.loss -> trainer.loss",
      "trainer.weights -> trained.weights",
      "begin.ids -> trained.ids",
      "begin.mask -> trained.mask",
      "trained.logits -> generate.logits",
      "tokenizer.tokenizer -> generate.tokenizer",
    ],
  );
  const { error, outputs } = await runDocument(document, await temporaryFolder());
  expect(error).toBeUndefined();
  const texts = outputs.generate?.text?.value as string[];
  for (const [row, text] of texts.entries()) expect(said[row]).toContain(text.trim().split(" ")[0]);
  expect(texts[0]).toContain("boat");
  expect(texts[1]).toContain("sees");
});

it("is refused in the editor without a decoder before it", () => {
  const document = graph(
    {
      text: ["text.input"],
      tokenizer: ["text.train-tokenizer", { vocabulary: 560 }],
      tokenize: ["text.tokenize", { packing: "own" }],
      tokens: ["model.token-embedding"],
      generate: ["text.generate"],
    },
    [
      "text.text -> tokenizer.text",
      "text.text -> tokenize.text",
      "tokenizer.tokenizer -> tokenize.tokenizer",
      "tokenize.ids -> tokens.ids",
      "tokens.embeddings -> generate.logits",
      "tokenizer.tokenizer -> generate.tokenizer",
    ],
  );
  const { problems } = check(document);
  expect(problems).toMatchObject([{ code: "no-decoder", node: "generate", port: "logits" }]);
});
