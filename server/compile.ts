import type { DType, Shape } from "#models/onnx/graph";
import { toModel } from "#models/onnx/proto";
import { check } from "#nodes/graph/check";
import type { GraphDocument } from "#nodes/graph/document";
import { lower } from "#nodes/graph/lower";
import { plan, sinks } from "#nodes/graph/plan";
import type { Problem } from "#nodes/graph/problem";

export interface CompiledModel {
  name: string;
  nodes: string[];
  model: Uint8Array;
}

/** The ONNX models of a graph: one for each region, with a symbolic batch, parameters as inputs named as in a checkpoint. */
export function compile(document: GraphDocument): { models: CompiledModel[] } | { problems: Problem[] } {
  const { graph, types, problems } = check(document);
  if (problems.some((p) => p.severity === "error")) return { problems };
  const steps = plan(graph, sinks(graph), () => false).steps, models: CompiledModel[] = [];
  for (const step of steps) {
    if (step.kind === "host") continue;
    const lowered = lower(graph, step.nodes, (from): { dtype: DType; shape: Shape } => {
      const wire = types[from.node]?.out[from.port];
      return { dtype: wire?.dtype ?? "float32", shape: (wire?.shape ?? []).map((d, i) => (d === "*" ? `${from.node}_${from.port}_${i}` : d)) };
    });
    for (const node of step.nodes) for (const port of Object.keys(graph.nodes.get(node)?.definition.outputs ?? {})) {
      const value = lowered.values.get(`${node}.${port}`);
      if (value) lowered.graph.output(`${node}.${port}`, value);
    }
    models.push({ name: step.nodes.join("+").slice(0, 100), nodes: step.nodes, model: toModel(lowered.graph, { parameters: "inputs" }) });
  }
  return { models };
}
