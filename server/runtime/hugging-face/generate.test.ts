import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import type { Tensor } from "#nodes/core/values";
import { openFolderDecoder } from "./generate";
import { openModelFolder } from "./model-folder";
import { runModel } from "./run-model";
import { tensorsIn } from "./tensor-files";

const tokens = (list: readonly number[]): Tensor => ({
  dtype: "int64",
  shape: [1, list.length],
  data: BigInt64Array.from(list, BigInt),
});
const call = (model: string, ids: readonly number[], options: Record<string, unknown> = {}) =>
  runModel(`tests/fixtures/conformance/${model}`, {
    call: "generate",
    inputs: { input_ids: tokens(ids) },
    options: { max_new_tokens: 4, eos_token_id: null, ...options },
  });

it("refuses a text that is longer than the model's table of places, and a token that it has not", async () => {
  const long = Array.from({ length: 60 }, (_, i) => i);
  await expect(call("gpt2", long, { max_new_tokens: 20 })).rejects.toThrow("grew to 65 tokens");
  await expect(call("llama", [1, 5000])).rejects.toThrow("Token id 5000 is beyond the vocabulary");
});

it("refuses to write with a model that gives no scores of next tokens", async () => {
  await expect(call("bert", [1, 2])).rejects.toThrow("generates no text");
});

it("reads a prompt that is longer than one call takes as a shorter one", async () => {
  const ids = Array.from({ length: 1100 }, (_, i) => (i * 7) % 400);
  const { outputs } = await call("llama", ids);
  const whole = await runModel("tests/fixtures/conformance/llama", {
    call: "forward",
    inputs: { input_ids: tokens(ids) },
  });
  const { data, shape } = whole.outputs.logits as Tensor;
  const last = (data as Float32Array).subarray(-(shape[2] as number));
  const first = (outputs.logits?.data as Float32Array).subarray(0, shape[2]);
  expect(Math.max(...first.map((score, i) => Math.abs(score - (last[i] as number))))).toBeLessThan(1e-4);
});

it("reads pictures of several sizes in one batch as it does each alone", async () => {
  const folder = "tests/fixtures/conformance/llava-onevision";
  const stored = tensorsIn(readFileSync(`${folder}/expected.safetensors`));
  const options = { max_new_tokens: 4, eos_token_id: null };
  const picture = (name: string) => ({
    input_ids: stored[`${name}.in.input_ids`] as Tensor,
    pixel_values: stored[`${name}.in.pixel_values`] as Tensor,
    image_sizes: stored[`${name}.in.image_sizes`] as Tensor,
  });
  const [wide, tall] = [picture("forward"), picture("tall")];
  const alone = await Promise.all(
    [wide, tall].map(async (inputs) => (await runModel(folder, { call: "generate", inputs, options })).outputs.logits),
  );
  const both = {
    ...leftPadded(wide.input_ids, tall.input_ids),
    pixel_values: joined(wide.pixel_values, tall.pixel_values),
    image_sizes: joined(wide.image_sizes, tall.image_sizes),
  };
  const { outputs } = await runModel(folder, { call: "generate", inputs: both, options });
  const want = alone.flatMap((logits) => [...((logits as Tensor).data as Float32Array)]);
  const got = [...((outputs.logits as Tensor).data as Float32Array)];
  expect(got.length).toBe(want.length);
  expect(Math.max(...got.map((score, i) => Math.abs(score - (want[i] as number))))).toBeLessThan(1e-3);
});

it("reads prompts with several pictures, one and none in one batch, and says where they do not fit", async () => {
  const folder = "tests/fixtures/conformance/llava";
  const stored = tensorsIn(readFileSync(`${folder}/expected.safetensors`));
  const options = { max_new_tokens: 4, eos_token_id: null };
  const rows = ["two-pictures", "forward"].map((name) => ({
    input_ids: stored[`${name}.in.input_ids`] as Tensor,
    pixel_values: stored[`${name}.in.pixel_values`] as Tensor,
  }));
  const alone = await Promise.all(
    rows.map(async (inputs) => (await runModel(folder, { call: "generate", inputs, options })).outputs.sequences),
  );
  const [two, one] = rows as [(typeof rows)[0], (typeof rows)[0]];
  const pixels = joined(two.pixel_values, one.pixel_values);
  const both = { ...leftPadded(two.input_ids, one.input_ids), pixel_values: pixels };
  const { outputs } = await runModel(folder, { call: "generate", inputs: both, options });
  const made = (sequences: Tensor | undefined, row: number) => {
    const [, length = 0] = sequences?.shape ?? [];
    return Array.from((sequences?.data ?? []) as ArrayLike<bigint>).slice((row + 1) * length - 4, (row + 1) * length);
  };
  expect([made(outputs.sequences, 0), made(outputs.sequences, 1)]).toEqual(alone.map((each) => made(each, 0)));
  const text = { ...leftPadded(one.input_ids, tokens([1, 20, 30])), pixel_values: one.pixel_values };
  const mixed = await runModel(folder, { call: "generate", inputs: text, options });
  expect(made(mixed.outputs.sequences, 0)).toEqual(made(alone[1], 0));
  const missing = { ...both, pixel_values: one.pixel_values };
  await expect(runModel(folder, { call: "generate", inputs: missing, options })).rejects.toThrow(
    "the prompts have 48 places (token 380), and what is given for them fills 16",
  );
});

it("reads a picture's placeholder that a row without pictures writes as a token, whatever other rows see", async () => {
  const folder = "tests/fixtures/conformance/llava";
  const stored = tensorsIn(readFileSync(`${folder}/expected.safetensors`));
  const pictured = Array.from((stored["forward.in.input_ids"] as Tensor).data as BigInt64Array, Number);
  const pixels = { pixel_values: stored["forward.in.pixel_values"] as Tensor };
  const model = await openModelFolder(folder);
  const text = [1, 20, 30];
  const scoresOf = async (prompts: number[][], tensors: Record<string, Tensor>) => {
    const { decoder, close } = await openFolderDecoder(model, { tensors, numbers: {} }, undefined, prompts);
    await decoder.start(prompts);
    const scores = (await decoder.next(prompts.map(() => 380))).slice(-decoder.vocabulary);
    await close();
    return scores;
  };
  const alone = await scoresOf([text], {});
  const beside = await scoresOf([pictured, text], pixels);
  expect(Math.max(...alone.map((score, i) => Math.abs(score - (beside[i] as number))))).toBeLessThan(1e-4);
});

/** Rows of both. */
function joined<T extends Tensor>(one: T, other: T): Tensor {
  const [rows = 0, ...size] = one.shape;
  const [more = 0] = other.shape;
  const numbers = [...(one.data as ArrayLike<unknown> as number[]), ...(other.data as ArrayLike<unknown> as number[])];
  const data = one.dtype === "int64" ? BigInt64Array.from(numbers, BigInt) : Float32Array.from(numbers);
  return { dtype: one.dtype, shape: [rows + more, ...size], data };
}

/** Two prompts of different lengths, and which of their tokens count. */
function leftPadded(one: Tensor, other: Tensor): { input_ids: Tensor; attention_mask: Tensor } {
  const rows = [one, other].map(({ data }) => Array.from(data as BigInt64Array));
  const length = Math.max(...rows.map((row) => row.length));
  const table = (fill: (row: bigint[], missing: number) => bigint[]): Tensor => ({
    dtype: "int64",
    shape: [2, length],
    data: BigInt64Array.from(rows.flatMap((row) => fill(row, length - row.length))),
  });
  const zeros = (count: number) => Array.from({ length: count }, () => 0n);
  return {
    input_ids: table((row, missing) => [...zeros(missing), ...row]),
    attention_mask: table((row, missing) => [...zeros(missing), ...row.map(() => 1n)]),
  };
}
