import * as ort from "onnxruntime-node";
import type { Parameter } from "#models/onnx/graph";
import { fixed, sizeOf } from "#models/onnx/shape";
import { random } from "#models/random";
import { compileProgram, type Part, type Program } from "#models/train/program";
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
export const vitStep = (batch: number, spec: Omit<UpdateSpec, "clipNorm">, layers = 6): Part =>
  (
    compileProgram(vit(layers), { clipNorm: 1, batch, accumulate: 1, chunk: 0, ...spec }).parts as Extract<
      Program["parts"],
      { step: Part }
    >
  ).step;

/** A drawn batch, fresh parameters, and everything else that goes round, at zero. */
export function feedsOf({ graph, states }: Part): Record<string, ort.Tensor> {
  const draw = random("bench");
  const tensor = (data: Float32Array, shape: readonly number[]) => new ort.Tensor("float32", data, [...shape]);
  const parameter = ({ name, value: { shape }, init }: Parameter) =>
    [name, tensor(initialise(init, sizeOf(shape), 0, name), fixed(shape))] as const;
  const round = new Set(states.map((s) => s.name));
  const input = graph.inputs.map(
    ({ name, shape }) =>
      [
        name,
        tensor(
          round.has(name)
            ? new Float32Array(sizeOf(shape))
            : name === "lr"
              ? Float32Array.of(1e-4)
              : name === "step"
                ? Float32Array.of(1)
                : Float32Array.from({ length: sizeOf(shape) }, () => draw.normal()),
          fixed(shape),
        ),
      ] as const,
  );
  return Object.fromEntries([...input, ...graph.parameters.map(parameter)]);
}
