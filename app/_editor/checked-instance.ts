/** What the check says of an instance: what it says of all that lies in it, as it is met from outside. */
import type { NodeDefinition } from "#nodes/core/node";
import type { WireType } from "#nodes/core/ports";
import type { Checked } from "#nodes/graph/check";
import type { CheckMemory } from "#nodes/graph/check-memory";
import { instanceDefinition } from "#nodes/graph/composite-definition";
import { separator } from "#nodes/graph/composites";
import { boundary, type Endpoint } from "#nodes/graph/document";
import type { Instance } from "#nodes/graph/flatten";
import type { Problem } from "#nodes/graph/problem";
import type { NodeWires } from "#nodes/graph/wire-types";
import { registry } from "#nodes/registry.gen";

/** What the check knows of one node: its definition with the ports of its params, its wires' types, its problems. */
export interface CheckedNode {
  definition: NodeDefinition | undefined;
  wires: NodeWires | undefined;
  problems: readonly Problem[];
}

/** An instance, and the two sides of its boundary as they are met inside. */
export function checkedInstance(checked: Checked, path: string, memory: CheckMemory): [id: string, CheckedNode][] {
  const { flat } = checked.graph;
  const instance = flat.instances.get(path) as Instance;
  const definition = instanceDefinition(flat, path, registry, memory);
  const wires: NodeWires = {
    in: wireTypes(instance.inputs, ({ node, port }) => checked.types[node]?.in[port]),
    out: wireTypes(instance.outputs, ({ node, port }) => checked.types[node]?.out[port]),
  };
  const inner = `${path}${separator}`;
  const problems = checked.problems.flatMap((problem) =>
    problem.node === path || problem.node?.startsWith(inner) ? [seenFromOutside(problem, path, instance)] : [],
  );
  const sides = definition && sidesOf(definition);
  return [
    [path, { definition, wires, problems }],
    [inner + boundary.inputs, { definition: sides?.inputs, wires: { in: {}, out: wires.in }, problems: [] }],
    [inner + boundary.outputs, { definition: sides?.outputs, wires: { in: wires.out, out: {} }, problems: [] }],
  ];
}

function wireTypes(
  ports: Readonly<Record<string, readonly Endpoint[]>>,
  typeAt: (endpoint: Endpoint) => WireType | undefined,
): Record<string, WireType> {
  const known = Object.entries(ports).flatMap(([name, ends]) => {
    const [type] = ends.flatMap((end) => typeAt(end) ?? []);
    return type ? [[name, type] as const] : [];
  });
  return Object.fromEntries(known);
}

/** A problem inside, at the port or the published parameter that leads to it. */
function seenFromOutside(problem: Problem, path: string, { inputs, outputs, params }: Instance): Problem {
  if (problem.node === path) return problem;
  const { node, port, param, ...rest } = problem;
  const ports = [...Object.entries(inputs), ...Object.entries(outputs)];
  const outerPort = ports.find(([, ends]) => ends.some((end) => end.node === node && end.port === port))?.[0];
  const outerParam = Object.entries(params).find(([, to]) =>
    to.some((each) => each.node === node && each.param === param),
  );
  return {
    ...rest,
    node: path,
    ...(outerPort ? { port: outerPort } : {}),
    ...(outerParam ? { param: outerParam[0] } : {}),
  };
}

const sides = new WeakMap<NodeDefinition, { inputs: NodeDefinition; outputs: NodeDefinition }>();

/** Inside, what an instance takes is given, and what it gives is taken. */
function sidesOf(definition: NodeDefinition): { inputs: NodeDefinition; outputs: NodeDefinition } {
  const known = sides.get(definition);
  if (known) return known;
  const side = { ...definition, params: {}, notice: undefined };
  const both = {
    inputs: { ...side, title: "Inputs", inputs: {}, outputs: definition.inputs } as NodeDefinition,
    outputs: { ...side, title: "Outputs", inputs: definition.outputs, outputs: {} } as NodeDefinition,
  };
  sides.set(definition, both);
  return both;
}
