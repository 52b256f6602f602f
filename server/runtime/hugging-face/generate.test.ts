import { expect, it } from "vitest";
import type { Tensor } from "#nodes/core/values";
import { runModel } from "./run-model";

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
