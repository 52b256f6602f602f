/** The ViT's training step as one model, how it is opened, and what it is fed. */
import * as ort from "onnxruntime-node";
import type { Shape } from "#models/onnx/graph";
import { fixed, sizeOf } from "#models/onnx/shape";
import { random } from "#models/random";
import { compileProgram, type Part } from "#models/train/program";
import type { UpdateSpec } from "#models/train/step";
import { initialise } from "#server/runtime/parameters";
import { optionsFor } from "#server/runtime/sessions";
import { vit } from "./models";

export const adamw = { kind: "adamw", beta1: 0.9, beta2: 0.98, eps: 1e-6, weightDecay: 0.1 } as const;
/** As a training opens its models. */
export const options: ort.InferenceSession.SessionOptions = { ...optionsFor("cpu"), enableMemPattern: false };
/** With threads that sleep while they wait: those that spin would count as work. */
export const sleepyOptions: ort.InferenceSession.SessionOptions = {
  ...options,
  extra: { session: { set_denormal_as_zero: "1", intra_op: { allow_spinning: "0" } } },
};
export const median = (list: readonly number[]): number => list.toSorted((a, b) => a - b)[list.length >> 1] as number;

/** The whole training step of the ViT as one model, clipped to norm 1. */
export function vitStep(batch: number, spec: Omit<UpdateSpec, "clipNorm">, layers = 6): Part {
  const { parts } = compileProgram(vit(layers), { clipNorm: 1, batch, accumulate: 1, chunk: 0, ...spec });
  if (!("step" in parts)) throw new Error("a whole step is expected");
  return parts.step;
}

/** A drawn batch, fresh parameters, and everything else that goes round, at zero. */
export function feedsOf({ graph, states }: Part): Record<string, ort.Tensor> {
  const draw = random("bench");
  const goesRound = new Set(states.map((s) => s.name));
  const numbersFor = (name: string, count: number): Float32Array => {
    if (goesRound.has(name)) return new Float32Array(count);
    if (name === "lr") return Float32Array.of(1e-4);
    if (name === "step") return Float32Array.of(1);
    return Float32Array.from({ length: count }, () => draw.normal());
  };
  const tensor = (data: Float32Array, shape: Shape) => new ort.Tensor("float32", data, [...fixed(shape)]);
  const feeds: Record<string, ort.Tensor> = {};
  for (const { name, shape } of graph.inputs) feeds[name] = tensor(numbersFor(name, sizeOf(shape)), shape);
  for (const { name, value, init } of graph.parameters)
    feeds[name] = tensor(initialise(init, sizeOf(value.shape), 0, name), value.shape);
  return feeds;
}
