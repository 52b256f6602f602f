import { readSafetensors, toFloat32 } from "#models/files/safetensors";
import { type Placement, toModel } from "#models/onnx/proto";
import type { Host } from "#nodes/core/host";
import type { Port } from "#nodes/core/ports";
import { check } from "#nodes/graph/check";
import type { GraphDocument } from "#nodes/graph/document";
import { symbolicType } from "#nodes/graph/infer";
import { type Lowered, lower } from "#nodes/graph/lower";
import { leaves, plan } from "#nodes/graph/plan";
import type { Problem } from "#nodes/graph/problem";
import type { ResolvedGraph } from "#nodes/graph/resolve";
import { Failure } from "./errors";
import { prepareNodes } from "./prepare";

export interface CompiledModel {
  name: string;
  nodes: string[];
  model: Uint8Array;
}

export interface CompileOptions {
  /** The machine, for nodes that load what they build from. */
  hostFor?(node: string): Host;
  /** A .safetensors file whose tensors are written into the models; without one, parameters are inputs. */
  weights?: Uint8Array;
}

/** The ONNX models of a graph: one for each region, with a symbolic batch, and parameters named as in a checkpoint. */
export async function compile(
  document: GraphDocument,
  { hostFor, weights }: CompileOptions = {},
): Promise<{ models: CompiledModel[] } | { problems: Problem[] }> {
  const { graph, types, problems } = check(document);
  if (problems.some((p) => p.severity === "error")) return { problems };
  const models: CompiledModel[] = [];
  for (const step of plan(graph, [...leaves(graph), ...decodersOf(graph)], () => false).steps) {
    if (step.kind === "host") continue;
    if (hostFor) await prepareNodes(graph, step.nodes, hostFor);
    const lowered = lower(graph, step.nodes, (from) => symbolicType(types, from));
    for (const node of step.nodes) {
      for (const port of Object.keys(graph.nodes.get(node)?.definition.outputs ?? {})) {
        const value = lowered.values.get(`${node}.${port}`);
        if (value) lowered.graph.output(`${node}.${port}`, value);
      }
    }
    models.push({
      name: step.nodes.join("+").slice(0, 100),
      nodes: step.nodes,
      model: toModel(lowered.graph, weights ? writtenIn(lowered, weights) : { parameters: "inputs" }),
    });
  }
  return { models };
}

/** What text is generated with: no run computes it as it stands, but it is a model. */
function decodersOf({ nodes }: ResolvedGraph): string[] {
  return [...nodes.values()].flatMap(({ definition, inputs }) =>
    Object.entries<Port>(definition.inputs)
      .filter(([, { deferred }]) => deferred === "generation")
      .flatMap(([name]) => inputs[name]?.map(({ node }) => node) ?? []),
  );
}

const otherCheckpoint = "Compile with the checkpoint that the graph's trainer saved.";

/** The parameters as a checkpoint has them. */
function writtenIn({ graph, parameters }: Lowered, bytes: Uint8Array): Placement {
  const { tensors } = readSafetensors(bytes);
  const names = new Map(parameters.map((parameter) => [parameter.graphName, parameter.name]));
  const shapes = new Map(graph.parameters.map((parameter) => [parameter.name, parameter.value.shape]));
  return {
    parameters: "initializers",
    values(graphName) {
      const name = names.get(graphName) ?? graphName;
      const tensor = tensors.get(name);
      const shape = shapes.get(graphName) ?? [];
      if (!tensor)
        throw new Failure({ message: `The checkpoint holds no parameter “${name}”.`, hint: otherCheckpoint });
      if (tensor.shape.join() !== shape.join()) {
        const [here, there] = [shape, tensor.shape].map((sizes) => `[${sizes.join(", ")}]`);
        throw new Failure({
          message: `The parameter ${name} is ${here} in the graph and ${there} in the checkpoint.`,
          hint: otherCheckpoint,
        });
      }
      return toFloat32(tensor, name);
    },
  };
}
