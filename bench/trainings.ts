/** What benches train with: steps as a training takes them, drawn batches, and fresh parameters. */
import type { Graph } from "#models/onnx/graph";
import { sizeOf } from "#models/onnx/shape";
import type { Random } from "#models/random";
import { compileProgram } from "#models/train/program";
import type { Tensor } from "#nodes/core/values";
import { initialise } from "#server/runtime/parameters";
import type { Provider } from "#server/runtime/providers";
import { Stepper } from "#server/runtime/training/stepper";

const adamw = { kind: "adamw", beta1: 0.9, beta2: 0.98, eps: 1e-6, weightDecay: 0.1 } as const;

/** AdamW, clipped to norm 1, on batches of this size; `chunk` encodes a contrastive batch in parts. */
export const trainingSpec = (batch: number, chunk = 0) =>
  ({ optimizer: adamw, clipNorm: 1, batch, accumulate: 1, chunk }) as const;

/** A stepper for a graph with the output `loss`. */
export function stepperFor(graph: Graph, batch: number, chunk = 0, provider: Provider = "cpu"): Stepper {
  const parameters = new Map(graph.parameters.map((p) => [p.name, p]));
  return new Stepper({
    provider,
    compile: () => compileProgram(graph, trainingSpec(batch, chunk)),
    valueOf: (name) => {
      const parameter = parameters.get(name);
      return parameter && initialise(parameter.init, sizeOf(parameter.value.shape), 0, name);
    },
  });
}

export function normals(draw: Random, shape: readonly number[]): Tensor {
  return { dtype: "float32", shape, data: Float32Array.from({ length: sizeOf(shape) }, () => draw.normal()) };
}

/** Token ids from 1 to `below` - 1. */
export function tokenIds(draw: Random, shape: readonly number[], below = 2000): Tensor {
  const data = BigInt64Array.from({ length: sizeOf(shape) }, () => BigInt(1 + draw.below(below - 1)));
  return { dtype: "int64", shape, data };
}
