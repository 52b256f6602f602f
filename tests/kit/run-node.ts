/** One node as the worker runs it, on the real host and the real runtime, and the values that tests feed it. */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as z from "zod";
import type { NodeDefinition, Params } from "#nodes/core/node";
import type { Host } from "#nodes/core/host";
import type { HostValues, Ports } from "#nodes/core/ports";
import type { ImageBatch, Tensor } from "#nodes/core/values";
import { type Dim, Graph, type Shape, type Value } from "#models/onnx/graph";
import { builderOf } from "#models/blocks/builder";
import { toModel } from "#models/onnx/proto";
import { sizeOf } from "#models/onnx/shape";
import { createHost, type HostOptions } from "#server/runtime/host/create-host";
import { initialise } from "#server/runtime/parameters";
import { openSession } from "#server/runtime/sessions";
import { openBlobs } from "#server/storage/blobs";

/** A folder that is gone when the tests end. */
export const temporaryFolder = (): Promise<string> =>
  mkdtemp(join(process.env.PATCHBAY_TEST_FOLDER ?? tmpdir(), "patchbay-test-"));

/** The real host on a temporary folder. */
export async function testHost(options: Partial<HostOptions> = {}): Promise<Host> {
  const dir = await temporaryFolder();
  return createHost({
    blobs: openBlobs(join(dir, "blobs")),
    cacheDir: join(dir, "cache"),
    signal: new AbortController().signal,
    nodeId: "test",
    seed: 0,
    onProgress: () => {},
    onWarn: () => {},
    ...options,
  });
}

/** Runs a host node as the worker would: defaults filled in, params checked, on the real host. */
export async function runNode<I extends Ports, O extends Ports, P extends Params>(
  node: NodeDefinition<I, O, P>,
  inputs: Partial<HostValues<I>>,
  params: Record<string, unknown> = {},
  host?: Host,
): Promise<HostValues<O>> {
  const parsed = z.object(node.params).parse(params);
  const wrong = node.check?.(parsed as never);
  if (wrong) throw new Error(wrong.message);
  if (!node.run) throw new Error(`${node.type} emits ONNX; use runTensorNode`);
  return node.run({ host: host ?? (await testHost()), inputs: inputs as HostValues<I>, params: parsed as never });
}

/**
 * Builds a tensor node and runs it on onnxruntime. Parameters are drawn with seed 0, or taken from `weights` by name;
 * with `symbolic` the first size of each input is open.
 */
export async function runTensorNode(
  node: NodeDefinition,
  inputs: Record<string, Tensor>,
  params: Record<string, unknown> = {},
  { weights = {} as Record<string, readonly number[]>, symbolic = false, training = false } = {},
): Promise<{ outputs: Record<string, Tensor>; types: Record<string, Shape>; parameters: Record<string, Shape> }> {
  const graph = new Graph();
  const parsed = z.object(node.params as Record<string, z.ZodType>).parse(params);
  const symbol = (shape: readonly number[]): Shape => (symbolic ? ["B" as Dim, ...shape.slice(1)] : shape);
  const values = Object.fromEntries(
    Object.entries(inputs).map(([name, t]) => [name, graph.input(name, t.dtype, symbol(t.shape))]),
  );
  const built = node.build?.({
    ...builderOf(graph, training),
    inputs: values,
    params: parsed as never,
  }) as Record<string, Value | undefined>;
  const made = Object.entries(built).flatMap(([name, value]) => (value ? [[name, value] as const] : []));
  const outputs = Object.fromEntries(made);
  for (const [name, value] of Object.entries(outputs)) graph.output(`out ${name}`, value);
  const valuesOf = (name: string) => {
    const given = weights[name];
    if (given) return Float32Array.from(given);
    const { init, value } = graph.parameters.find((p) => p.name === name) as (typeof graph.parameters)[number];
    return initialise(init, sizeOf(value.shape), 0, name);
  };
  const session = await openSession(toModel(graph, { parameters: "initializers", values: valuesOf }), "cpu");
  const result = await session.run(inputs);
  await session.release();
  return {
    outputs: Object.fromEntries(Object.keys(outputs).map((name) => [name, result[`out ${name}`] as Tensor])),
    types: Object.fromEntries(Object.entries(outputs).map(([name, v]) => [name, v.shape])),
    parameters: Object.fromEntries(graph.parameters.map((p) => [p.name, p.value.shape])),
  };
}

export const floats = (shape: readonly number[], data: readonly number[]): Tensor => ({
  dtype: "float32",
  shape,
  data: Float32Array.from(data),
});
export const ids = (shape: readonly number[], data: readonly number[]): Tensor => ({
  dtype: "int64",
  shape,
  data: BigInt64Array.from(data, BigInt),
});
/** uint8 [N, H, W, 3] of one colour per picture. */
export const flat = (
  height: number,
  width: number,
  colours: readonly (readonly [number, number, number])[],
): ImageBatch => ({
  pixels: {
    dtype: "uint8",
    shape: [colours.length, height, width, 3],
    data: Uint8Array.from(colours.flatMap((c) => Array.from({ length: height * width }, () => [...c]).flat())),
  },
});
