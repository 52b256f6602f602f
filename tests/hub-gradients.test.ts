/** Gradients of models of the hub, by the ops that they are built of, beside PyTorch's (fixtures/hub-gradients.py). */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { Inputs } from "#models/architectures/core/architecture";
import type { Builder } from "#models/blocks/builder";
import { gradients } from "#models/onnx/differentiate";
import { Graph, type Value } from "#models/onnx/graph";
import type { Tensor } from "#nodes/core/values";
import { builderFor, fitted, written } from "#server/runtime/hugging-face/forward";
import { openModelFolder } from "#server/runtime/hugging-face/model-folder";
import { tensorsIn } from "#server/runtime/hugging-face/tensor-files";
import { openSession } from "#server/runtime/sessions";

const set = resolve("tests/fixtures/conformance");
const stored = resolve("tests/fixtures/hub-gradients");
const models = readdirSync(stored).map((file) => file.replace(".safetensors", ""));

describe("gradients of models of the hub", () => {
  it("are known of five", () => expect(models).toHaveLength(5));
  it.each(models)("are PyTorch's to 1e-4, of all parameters: %s", async (name) => {
    const wanted = tensorsIn(readFileSync(join(stored, `${name}.safetensors`)));
    const got = await gradientsOf(name);
    expect(Object.keys(got).sort()).toEqual(Object.keys(wanted).sort());
    const largest = Math.max(...Object.entries(wanted).map(([key, tensor]) => (key === "loss" ? 0 : sizeOf(tensor))));
    const wrong = Object.entries(wanted).flatMap(([key, tensor]) => {
      const off = gapOf(got[key] as Tensor, tensor);
      // What softmax ignores, such as a key's bias, has a gradient of zero but for rounding.
      const allowed = 1e-4 * sizeOf(tensor) + 1e-7 * largest;
      return off <= allowed ? [] : [`${key} is off by ${off} of ${sizeOf(tensor)}`];
    });
    expect(wrong).toEqual([]);
  });
});

/** The loss, and its gradient for every parameter, by name. */
async function gradientsOf(name: string): Promise<Record<string, Tensor>> {
  const model = await openModelFolder(join(set, name));
  const config = model.configFor();
  const [one] = JSON.parse(readFileSync(join(set, name, "expected.json"), "utf8")).cases;
  const expected = tensorsIn(readFileSync(join(set, name, "expected.safetensors")));
  const named = Object.entries<string>(one.inputs).map(([argument, key]) => [argument, expected[key] as Tensor]);
  const given = fitted(Object.fromEntries(named), config.inputs);
  const graph = new Graph();
  const values = Object.entries(given).map(([key, { dtype, shape }]) => [key, graph.input(key, dtype, shape)] as const);
  const loaded = builderFor(model, config, graph);
  const outputs = config.forward(loaded.builder, new Inputs(Object.fromEntries(values)));
  const loss =
    "labels" in given ? (outputs.loss as () => Value)() : weighted(loaded.builder, outputs, given.attention_mask);
  const parameters = graph.parameters.map(({ value }) => value);
  for (const [key, gradient] of gradients(graph, loss, parameters)) graph.output(`d ${key}`, gradient);
  graph.output("d loss", loss);
  const session = await openSession(written(graph, loaded), "cpu");
  const result = await session.run(given);
  await session.release();
  return Object.fromEntries(Object.entries(result).map(([key, tensor]) => [key.slice(2), tensor]));
}

/** The mean of each output times cos(place), summed; what is padded counts for nothing. */
function weighted(
  builder: Builder,
  { last_hidden_state: last, pooler_output: pooled }: Readonly<Record<string, () => Value>>,
  mask: Tensor | undefined,
): Value {
  const { op } = builder;
  const mean = (value: Value, isShown: (place: number) => boolean) => {
    const shape = value.shape as readonly number[];
    const count = shape.reduce((product, size) => product * size, 1);
    const weights = Array.from({ length: count }, (_, place) => (isShown(place) ? Math.cos(place) : 0));
    return op.ReduceMean(op.Mul(value, builder.constant(weights, shape)), { keepdims: 0 });
  };
  const states = (last as () => Value)();
  const width = states.shape.at(-1) as number;
  const isToken = (place: number) => !mask || Number(mask.data[Math.floor(place / width)]) === 1;
  return op.Add(
    mean(states, isToken),
    mean((pooled as () => Value)(), () => true),
  );
}

const sizeOf = ({ data }: Tensor): number => (data as Float32Array).reduce((most, x) => Math.max(most, Math.abs(x)), 0);

function gapOf(got: Tensor, wanted: Tensor): number {
  const numbers = wanted.data as Float32Array;
  expect(got.data.length).toBe(numbers.length);
  return numbers.reduce((most, x, i) => Math.max(most, Math.abs(x - Number(got.data[i]))), 0);
}
