/** A tensor node that trains by itself: what it builds, and the losses of some steps. */
import * as ort from "onnxruntime-node";
import { expect } from "vitest";
import * as z from "zod";
import { builderOf } from "#models/blocks/builder";
import { Graph, type Shape, type Value } from "#models/onnx/graph";
import { opsOf } from "#models/onnx/ops/index";
import { toModel } from "#models/onnx/proto";
import { sizeOf } from "#models/onnx/shape";
import { random } from "#models/random";
import { batchSymbol, compileProgram, type Part } from "#models/train/program";
import type { NodeDefinition } from "#nodes/core/node";
import type { Tensor } from "#nodes/core/values";
import { initialise } from "#server/runtime/parameters";
import { toOrt } from "#server/runtime/sessions";
import { floats } from "./run-node";

/** What a tensor node builds for inputs of these shapes, and how many numbers its parameters and buffers hold. */
export function builtNode(
  node: NodeDefinition,
  shapes: Record<string, Shape>,
  params: Record<string, unknown> = {},
  training = false,
): { graph: Graph; outputs: Record<string, Value>; count: number; buffers: number } {
  const graph = new Graph();
  const inputs = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, graph.input(name, "float32", shape)]),
  );
  const outputs = node.build?.({
    ...builderOf(graph, training),
    inputs,
    params: z.object(node.params as Record<string, z.ZodType>).parse(params) as never,
  }) as Record<string, Value>;
  const count = (buffer: boolean) =>
    graph.parameters.filter((p) => (p.buffer ?? false) === buffer).reduce((n, p) => n + sizeOf(p.value.shape), 0);
  return { graph, outputs, count: count(false), buffers: count(true) };
}

export function picture(shape: readonly number[]): Tensor {
  const draw = random("picture");
  return floats(
    shape,
    Array.from({ length: sizeOf(shape) }, () => draw.normal()),
  );
}

/**
 * The losses of some AdamW steps that teach an encoder's features to be a target of each row. `moves` names a buffer
 * that must not stay.
 */
export async function losses(
  node: NodeDefinition,
  pixels: Tensor,
  params: Record<string, unknown>,
  { steps, lr, moves }: { steps: number; lr: number; moves?: string },
): Promise<number[]> {
  const { program, target } = distanceToTarget(node, pixels, params);
  const session = await ort.InferenceSession.create(toModel(program.graph, { parameters: "inputs" }), {
    logSeverityLevel: 3,
  });
  const first = firstState(program);
  const scalar = (n: number) => new ort.Tensor("float32", [n], []);
  const data = { pixels: toOrt(pixels), target: toOrt(target) };
  let state = first;
  const result: number[] = [];
  for (let i = 1; i <= steps; i++) {
    const out = await session.run({ ...state, ...data, lr: scalar(lr), step: scalar(i) });
    state = Object.fromEntries(program.states.map((s) => [s.name, out[s.next] as ort.Tensor]));
    result.push(Number((out.loss as ort.Tensor).data[0]));
  }
  await session.release();
  if (moves) {
    const numbersOf = (tensor: ort.Tensor | undefined) => Array.from(tensor?.data as Float32Array);
    expect(numbersOf(state[moves])).not.toEqual(numbersOf(first[moves]));
  }
  return result;
}

/** The training step whose loss is the mean square between the node's features and a drawn target. */
function distanceToTarget(
  node: NodeDefinition,
  pixels: Tensor,
  params: Record<string, unknown>,
): { program: Part; target: Tensor } {
  const [batch = 0, ...size] = pixels.shape;
  const { graph, outputs } = builtNode(node, { pixels: [batchSymbol, ...size] }, params, true);
  const op = opsOf(graph);
  const features = outputs.features as Value;
  const gap = op.Sub(features, graph.input("target", "float32", features.shape));
  graph.output("loss", op.ReduceMean(op.Mul(gap, gap), { keepdims: 0 }));
  const { parts } = compileProgram(graph, {
    batch,
    accumulate: 1,
    chunk: 0,
    optimizer: { kind: "adamw", beta1: 0.9, beta2: 0.99, eps: 1e-8, weightDecay: 0 },
    clipNorm: 0,
  });
  if (!("step" in parts)) throw new Error("a whole step is expected");
  return { program: parts.step, target: picture([batch, features.shape[1] as number]) };
}

/** Drawn parameters, and zeros for all else that goes round. */
function firstState({ graph, states }: Part): Record<string, ort.Tensor> {
  const entries = states.map(({ name, shape }) => {
    const parameter = graph.parameters.find((p) => p.name === name);
    const size = sizeOf(shape);
    const data = parameter ? initialise(parameter.init, size, 0, name) : new Float32Array(size);
    return [name, new ort.Tensor("float32", data, [...shape])] as const;
  });
  return Object.fromEntries(entries);
}
