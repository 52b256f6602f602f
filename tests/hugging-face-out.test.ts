/** The way out and back: a model of the hub is trained, written as a folder, and loaded from it. */
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import type { Tensor } from "#nodes/core/values";
import { runModel } from "#server/runtime/hugging-face/run-model";
import { fineTune, type Recipe } from "./kit/fine-tune";
import { temporaryFolder } from "./kit/run-node";

const set = resolve("tests/fixtures/conformance");
const bases: Record<Recipe, string> = {
  "language model": "qwen2",
  "language model, adapter": "qwen2",
  "language model, DoRA": "qwen2",
  classifier: "vit-classifier",
};

describe("a model that was trained for five steps and written as a folder", () => {
  it.each(Object.entries(bases) as [Recipe, string][])("answers as the graph does: %s", async (recipe, base) => {
    const out = await temporaryFolder();
    const { inputs, logits } = await fineTune(recipe, out);
    const { outputs: written } = await runModel(out, { call: "forward", inputs });
    expect(gapOf(written.logits, logits)).toBeLessThan(1e-5);
    const { outputs: untrained } = await runModel(`${set}/${base}`, { call: "forward", inputs });
    expect(gapOf(untrained.logits, logits)).toBeGreaterThan(1e-2);
  });
});

function gapOf(got: Tensor | undefined, wanted: Tensor): number {
  expect(got?.shape).toEqual(wanted.shape);
  const numbers = wanted.data as Float32Array;
  return numbers.reduce((most, x, i) => Math.max(most, Math.abs(x - Number(got?.data[i]))), 0);
}
