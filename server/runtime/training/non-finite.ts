import * as ort from "onnxruntime-node";
import type { Graph } from "#models/onnx/graph";
import { opsOf } from "#models/onnx/ops/index";
import { toModel } from "#models/onnx/proto";
import type { Part, Program } from "#models/train/program";
import type { Tensor } from "#nodes/core/values";
import { toOrt } from "../sessions";
import type { Stepper } from "./stepper";

export interface NonFiniteAt {
  op: string;
  /** The value's name in the graph. */
  value: string;
  /** The node it belongs to. */
  scope?: string;
}

/**
 * Runs a step once more on the CPU with every value tapped, and finds the first op whose result holds a number that is not finite.
 * A tap is one number: the sum of 0·x, which is 0 for finite x and NaN otherwise.
 */
export async function firstNonFinite(
  program: Program,
  feeds: ReadonlyMap<string, Tensor>,
  stepper: Stepper,
): Promise<NonFiniteAt | undefined> {
  if (!("step" in program.parts)) return undefined;
  const { graph } = program.parts.step as Part;
  const taps = tap(graph);
  const state = await stepper.parameters();
  const shapes = new Map(
    [...graph.inputs, ...graph.parameters.map((p) => p.value)].map((v) => [v.name, v.shape as number[]]),
  );
  const given: Record<string, ort.Tensor> = {};
  for (const [name, shape] of shapes) {
    const tensor = feeds.get(name);
    const data = state.get(name) ?? new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(name === "step" ? 1 : 0);
    given[name] = tensor ? toOrt(tensor) : new ort.Tensor("float32", data, shape);
  }
  const session = await ort.InferenceSession.create(toModel(graph, { parameters: "inputs" }), {
    graphOptimizationLevel: "disabled",
    logSeverityLevel: 4,
  });
  try {
    const out = (await session.run(
      given,
      taps.map((t) => t.output),
    )) as Record<string, ort.Tensor>;
    return taps.find((t) => !Number.isFinite((out[t.output]?.data as Float32Array)[0]));
  } catch {
    return undefined; // too large to be looked at as a whole
  } finally {
    await session.release();
  }
}

function tap(graph: Graph): (NonFiniteAt & { output: string })[] {
  const op = opsOf(graph);
  const zero = graph.constant([0]);
  return [...graph.nodes].flatMap((node) => {
    const [value] = node.outputs;
    if (value?.dtype !== "float32" || node.scope === "optimizer") return [];
    const output = `tap ${value.name}`;
    graph.output(output, op.ReduceSum(op.Mul(value, zero), { keepdims: 0 }));
    return [{ op: node.op, value: value.name, scope: node.scope, output }];
  });
}
