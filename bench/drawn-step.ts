/** A training step over drawn weights, as a trainer makes it: what the benches of steps take. */
import type { Graph } from "#models/onnx/graph";
import { sizeOf } from "#models/onnx/shape";
import { compileProgram } from "#models/train/program";
import { initialise } from "#server/runtime/parameters";
import { Stepper } from "#server/runtime/training/stepper";

/** AdamW without decay, gradients clipped at norm 1; frozen matrices are drawn too, since only sizes count. */
export function drawnStep(graph: Graph, rows: number): Stepper {
  const inits = new Map(graph.parameters.map((parameter) => [parameter.name, parameter]));
  return new Stepper({
    provider: "cpu",
    compile: () =>
      compileProgram(graph, {
        optimizer: { kind: "adamw", beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0 },
        clipNorm: 1,
        batch: rows,
        accumulate: 1,
        chunk: 0,
      }),
    valueOf(name) {
      const parameter = inits.get(name);
      return parameter && initialise(parameter.init, sizeOf(parameter.value.shape), 0, name);
    },
  });
}
