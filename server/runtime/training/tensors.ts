/** Tensors of the runtime, wherever they lie: in the CPU's memory or on the device. */
import * as ort from "onnxruntime-node";
import { Graph } from "#models/onnx/graph";
import { opsOf } from "#models/onnx/ops/index";
import { toModel } from "#models/onnx/proto";
import type { Provider } from "../providers";

export type Feeds = Record<string, ort.Tensor>;

export function floatTensor(data: Float32Array, shape: readonly number[]): ort.Tensor {
  return new ort.Tensor("float32", data, [...shape]);
}

/** A new tensor. Zeros cost no memory until they are written over. */
export function filledTensor(shape: readonly number[], value = 0): ort.Tensor {
  const data = new Float32Array(sizeOf(shape));
  return floatTensor(value === 0 ? data : data.fill(value), shape);
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** Gives memory on the device back; what lies in the CPU's is the garbage collector's. */
export function dispose(tensors: Iterable<ort.Tensor>): void {
  for (const tensor of tensors) {
    if (isOnDevice(tensor)) tensor.dispose();
  }
}

export const isOnDevice = (tensor: ort.Tensor): boolean => tensor.location === "gpu-buffer";

export async function onCpu(tensor: ort.Tensor): Promise<ort.Tensor> {
  if (!isOnDevice(tensor)) return tensor;
  return (await fetchTensors([["x", tensor]], "webgpu")).x as ort.Tensor;
}

/**
 * Numbers on the device are fetched through a session that copies them: reading them directly ends the process in
 * onnxruntime-node 1.30.
 */
export async function fetchTensors(
  tensors: readonly (readonly [string, ort.Tensor])[],
  provider: Provider,
): Promise<Feeds> {
  const graph = new Graph();
  const op = opsOf(graph);
  for (const [i, [, { dims }]] of tensors.entries())
    graph.output(`y${i}`, op.Identity(graph.input(`x${i}`, "float32", dims)));
  const session = await ort.InferenceSession.create(toModel(graph, { parameters: "inputs" }), {
    executionProviders: [provider, "cpu"],
    logSeverityLevel: 3,
  });
  try {
    const copies = await session.run(Object.fromEntries(tensors.map(([, tensor], i) => [`x${i}`, tensor])));
    return Object.fromEntries(tensors.map(([name], i) => [name, copies[`y${i}`] as ort.Tensor]));
  } finally {
    await session.release();
  }
}
