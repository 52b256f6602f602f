import * as ort from "onnxruntime-node";
import { expect } from "vitest";
import * as z from "zod";
import { builderOf } from "#models/blocks/builder";
import { Graph, type Shape, type Value } from "#models/onnx/graph";
import { opsOf } from "#models/onnx/ops/index";
import { toModel } from "#models/onnx/proto";
import { sizeOf } from "#models/onnx/shape";
import { random } from "#models/random";
import { batchSymbol, compileProgram } from "#models/train/program";
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

/** The losses of some AdamW steps that teach an encoder's features to be a target of each row. `moves` names a buffer that must not stay. */
export async function losses(
  node: NodeDefinition,
  pixels: Tensor,
  params: Record<string, unknown>,
  { steps, lr, moves }: { steps: number; lr: number; moves?: string },
): Promise<number[]> {
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
  const { graph: step, states } = parts.step;
  const session = await ort.InferenceSession.create(toModel(step, { parameters: "inputs" }), { logSeverityLevel: 3 });
  const first = Object.fromEntries(
    states.map(({ name, shape }) => {
      const parameter = step.parameters.find((p) => p.name === name);
      return [
        name,
        new ort.Tensor(
          "float32",
          parameter ? initialise(parameter.init, sizeOf(shape), 0, name) : new Float32Array(sizeOf(shape)),
          [...shape],
        ),
      ];
    }),
  );
  const scalar = (n: number) => new ort.Tensor("float32", [n], []);
  const target = picture([batch, features.shape[1] as number]);
  const data = { pixels: toOrt(pixels), target: toOrt(target) };
  let state: Record<string, ort.Tensor> = first;
  const result: number[] = [];
  for (let i = 1; i <= steps; i++) {
    const out = await session.run({ ...state, ...data, lr: scalar(lr), step: scalar(i) });
    state = Object.fromEntries(states.map((s) => [s.name, out[s.next] as ort.Tensor]));
    result.push(Number((out.loss as ort.Tensor).data[0]));
  }
  await session.release();
  if (moves)
    expect(Array.from(state[moves]?.data as Float32Array)).not.toEqual(Array.from(first[moves]?.data as Float32Array));
  return result;
}
