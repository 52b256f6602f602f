import { readSafetensors, toFloat32 } from "#models/files/safetensors";
import type { Init } from "#models/onnx/graph";
import { random } from "#models/random";
import type { Endpoint } from "#nodes/graph/document";
import type { Lowered, LoweredParameter } from "#nodes/graph/lower";
import { endpointKey, type ResolvedGraph } from "#nodes/graph/resolve";
import type { Weights } from "#nodes/core/values";
import type { Blobs } from "../storage/blobs";
import { Failure } from "../errors";

/** A fresh tensor. The draw depends on the seed and the parameter's name alone, so adding a node changes no other node's weights. */
export function initialise(init: Init, size: number, seed: number, name: string): Float32Array<ArrayBuffer> {
  const data = new Float32Array(size);
  if (init.kind === "ones") return data.fill(1);
  if (init.kind === "constant") return data.fill(init.value);
  if (init.kind === "zeros") return data;
  if (init.kind === "values") return init.data;
  random(seed, "init", name).fill(data, init.kind);
  if (init.kind === "normal") for (let i = 0; i < size; i++) data[i] = (data[i] as number) * init.std;
  else for (let i = 0; i < size; i++) data[i] = ((data[i] as number) * 2 - 1) * init.bound;
  return data;
}

/** The weights handles that nodes read, by endpoint. */
export async function handlesOf(
  graph: ResolvedGraph,
  nodes: readonly string[],
  weightsOf: (from: Endpoint) => Promise<Weights>,
): Promise<Map<string, Weights>> {
  const wires = nodes.flatMap((id) => graph.nodes.get(id)?.inputs.weights ?? []);
  return new Map(await Promise.all(wires.map(async (from) => [endpointKey(from), await weightsOf(from)] as const)));
}

export interface ParameterOptions {
  /** Draws what no handle gives. */
  seed?: number;
  /** Numbers that stand in for those of the handles. */
  current?(parameter: LoweredParameter): Float32Array | undefined;
}

/** The values of a lowered graph's parameters, by graph name: from the checkpoint that its node is wired to, or drawn. */
export async function parameterValues(
  lowered: Lowered,
  weightsOf: (from: Endpoint) => Promise<Weights>,
  blobs: Blobs,
  { seed = 0, current }: ParameterOptions = {},
): Promise<Map<string, Float32Array<ArrayBuffer>>> {
  const result = new Map<string, Float32Array<ArrayBuffer>>();
  const checkpoints = new Map<string, ReturnType<typeof readSafetensors>>();
  const checkpoint = async (ref: string) => {
    const open = checkpoints.get(ref) ?? readSafetensors(await blobs.get(ref));
    checkpoints.set(ref, open);
    return open;
  };
  const described = new Map(lowered.parameters.map((p) => [p.graphName, p]));
  for (const { name: graphName, value, init } of lowered.graph.parameters) {
    const parameter = described.get(graphName) as LoweredParameter;
    const { name, weights: from, adapter } = parameter;
    const shape = value.shape as readonly number[];
    const now = current?.(parameter) as Float32Array<ArrayBuffer> | undefined;
    if (now) {
      result.set(graphName, now);
      continue;
    }
    const weights = from && (await weightsOf(from));
    const size = shape.reduce((a, b) => a * b, 1);
    const stored = weights?.ref === undefined ? undefined : (await checkpoint(weights.ref)).tensors.get(name);
    if (stored && stored.shape.join() !== shape.join()) {
      throw new Failure({
        port: "weights",
        message: `The parameter ${name} is [${shape.join(", ")}] in this node and [${stored.shape.join(", ")}] in the checkpoint.`,
        hint: "Set the node's sizes (width, layers, patch size, …) to those of the checkpoint, or load another one.",
      });
    }
    if (!stored && !adapter && weights?.ref !== undefined && weights.seed === undefined) {
      const known = [...(await checkpoint(weights.ref)).tensors.keys()];
      throw new Failure({
        port: "weights",
        message: `The checkpoint holds no parameter "${name}". It holds ${known.slice(0, 5).join(", ")}${known.length > 5 ? ` and ${known.length - 5} more` : ""}.`,
        hint: "Set the node's scope to the prefix its parameters have in the checkpoint, or load another checkpoint.",
      });
    }
    result.set(graphName, stored ? toFloat32(stored) : initialise(init, size, weights?.seed ?? seed, name));
  }
  return result;
}
