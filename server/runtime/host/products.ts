import { Graph } from "#models/onnx/graph";
import { opsOf } from "#models/onnx/ops/index";
import { toModel } from "#models/onnx/proto";
import type { Tensor } from "#nodes/core/values";
import type { Provider } from "../providers";
import { openSession, type Session } from "../sessions";

const opened = new Map<Provider, Promise<Session>>();

/** left · rightᵀ, on the provider. */
export async function productsOf(left: Tensor, right: Tensor, provider: Provider): Promise<Tensor> {
  const session = opened.get(provider) ?? openSession(productModel(), provider);
  opened.set(provider, session);
  return (await (await session).run({ left, right })).products as Tensor;
}

function productModel(): Uint8Array {
  const graph = new Graph();
  const op = opsOf(graph);
  const left = graph.input("left", "float32", ["M", "E"]);
  const right = graph.input("right", "float32", ["N", "E"]);
  graph.output("products", op.MatMul(left, op.Transpose(right, { perm: [1, 0] })));
  return toModel(graph, { parameters: "initializers", values: () => new Float32Array() });
}
