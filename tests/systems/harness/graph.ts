/** A template as the graph of a fixture's step: constants set, the fixture's inputs in the place of wires. */
import { expect } from "vitest";
import type { TrainRequest } from "#nodes/core/host";
import type { Tensor } from "#nodes/core/values";
import { check, type Checked } from "#nodes/graph/check";
import { setConstantValue } from "#nodes/graph/constants";
import { type Endpoint, endpointKey, type GraphDocument } from "#nodes/graph/document";
import { upstreamOf } from "#nodes/graph/plan";
import type { ResolvedGraph, ResolvedNode } from "#nodes/graph/resolve";
import { registry } from "#nodes/registry.gen";
import { readTemplate } from "#server/templates";
import { testHost } from "#tests/kit/run-node";
import { type Config, forConfig, type Given, type OptimizerSpec, type System } from "../system";
import { type Fixture, valuesUnder } from "./fixtures";
import { readByHost } from "./host-values";

export interface StepGraph {
  graph: ResolvedGraph;
  types: Checked["types"];
  /** What the trainer asks for; absent where the fixture trains nothing. */
  request?: TrainRequest;
  trainer: string;
  config: Config;
  inputs: Readonly<Record<string, Given>>;
  /** The wires whose values are compared, by "mid.NAME" and "loss.NAME". */
  taps: ReadonlyMap<string, Endpoint>;
  /** Those of them that are computed outside of training. */
  outside: ReadonlyMap<string, Endpoint>;
}

/** The node that gives a fixture's inputs. */
const givenNode = "given";

export async function stepGraph(
  system: System,
  fixture: Fixture,
  optimizer: OptimizerSpec | undefined,
): Promise<StepGraph> {
  const { config } = fixture.description;
  const document = await documentFor(system, config, optimizer);
  const { graph: whole, types, problems } = check(document);
  const inputs = forConfig(system.inputs, config);
  const mid = Object.entries(forConfig(system.mid, config));
  const losses = Object.entries(forConfig(system.losses ?? {}, config));
  const outside = Object.entries(forConfig(system.outside ?? {}, config));
  const named = (part: string, wires: typeof mid) =>
    wires.flatMap(([name, wire]) =>
      wire === undefined ? [] : [[`${part}.${name}`, endpointIn(whole, wire)] as const],
    );
  const asked = new Map([...named("mid", mid), ...named("loss", losses)]);
  const taps = new Map([...asked, ...behindTensors(whole, [...asked.values()])]);
  const outer = new Map(named("mid", outside));
  const trainer = trainerOf(system);
  const request = optimizer && (await requestOf(whole, trainer));
  const graph = withGiven(whole, inputs, [...taps.values(), ...outer.values()]);
  const ends = [...(request?.losses ?? []), ...taps.values(), ...outer.values()];
  const needed = upstreamOf(graph, ends);
  const wrong = problems.filter(({ severity, node }) => severity === "error" && needed.has(node ?? ""));
  expect(wrong.map(({ message }) => message)).toEqual([]);
  return { graph, types, request, trainer, config, inputs, taps, outside: outer };
}

/** The template with the sizes of a fixture, and with its optimizer. */
async function documentFor(system: System, config: Config, optimizer: OptimizerSpec | undefined) {
  const template = await readTemplate(system.template);
  if (!template) throw new Error(`there is no template ${system.template}`);
  const batch = template.constants?.batch ? { batch: config.batch ?? 1 } : {};
  const document = Object.entries({ ...batch, ...system.constants(config) }).reduce(
    (before, [name, value]) => {
      const changed = setConstantValue(before, name, value);
      const after = changed.constants?.[name]?.value;
      if (after !== value) throw new Error(`${system.template}: the constant ${name} cannot be ${value}`);
      return changed;
    },
    withParams(template, system.params ?? {}),
  );
  Object.assign(document.nodes[trainerOf(system)]?.params ?? {}, optimizer && trainerParams(optimizer));
  return document;
}

const trainerOf = ({ trainer = "trainer" }: System): string => trainer;

function withParams(document: GraphDocument, params: NonNullable<System["params"]>): GraphDocument {
  const changed = structuredClone(document);
  const graphs = [changed, ...Object.values(changed.composites ?? {})];
  for (const node of graphs.flatMap(({ nodes }) => Object.values(nodes))) Object.assign(node.params, params[node.type]);
  return changed;
}

/** What the trainer is set to. Whose decay and which stages the template says stays as it is. */
function trainerParams(optimizer: OptimizerSpec): Record<string, number | string> {
  const { kind, lr, betas, eps, momentum, weight_decay: weightDecay } = optimizer;
  return {
    optimizer: kind,
    lr,
    weightDecay,
    ...(betas && { beta1: betas[0], beta2: betas[1] }),
    ...(eps !== undefined && { epsilon: eps }),
    ...(momentum !== undefined && { momentum }),
  };
}

/** What host nodes among the ends read of tensor nodes. */
function behindTensors({ nodes }: ResolvedGraph, ends: readonly Endpoint[]): [string, Endpoint][] {
  const hosts = ends.flatMap(({ node }) => nodes.get(node) ?? []).filter(({ definition }) => !definition.build);
  const read = hosts.flatMap(({ inputs }) => Object.values(inputs).flat());
  const made = read.filter(({ node }) => nodes.get(node)?.definition.build);
  return made.map((from) => [readByHost(from), from]);
}

/** The endpoint that a wire comes from; there has to be such a port. */
function endpointIn({ nodes }: ResolvedGraph, wire: string): Endpoint {
  const dot = wire.lastIndexOf(".");
  const endpoint = { node: wire.slice(0, dot), port: wire.slice(dot + 1) };
  if (!nodes.get(endpoint.node)?.definition.outputs[endpoint.port]) throw new Error(`the template has no ${wire}`);
  return endpoint;
}

/** What the trainer asks its host for. */
async function requestOf({ nodes }: ResolvedGraph, trainer: string): Promise<TrainRequest> {
  const node = nodes.get(trainer);
  if (!node) throw new Error(`the template has no trainer “${trainer}”`);
  let asked: TrainRequest | undefined;
  const series = { x: { label: "step", values: [] }, lines: [] };
  const host = await testHost({
    async train(request) {
      asked = request;
      return { weights: {}, average: {}, curve: series, waited: 0, memory: 0 };
    },
  });
  const loss = (node.inputs.loss ?? []).map((end) => ({ deferred: true as const, ...end }));
  await node.definition.run?.({ host, inputs: { loss, metric: [] }, params: node.params });
  return asked as TrainRequest;
}

/** The graph with the inputs of the fixture in the place of wires, and with all that is compared asked for. */
function withGiven(
  graph: ResolvedGraph,
  inputs: Readonly<Record<string, Given>>,
  taps: readonly Endpoint[],
): ResolvedGraph {
  const replaced = new Map<string, Endpoint>();
  for (const [name, given] of Object.entries(inputs)) {
    for (const wire of wiresOf(given)) {
      endpointIn(graph, wire);
      replaced.set(wire, { node: givenNode, port: name });
    }
  }
  const nodes = new Map<string, ResolvedNode>([[givenNode, given(Object.keys(inputs))]]);
  for (const [id, node] of graph.nodes) {
    const rewired = Object.entries(node.inputs).map(([port, sources]) => [
      port,
      sources.map((source) => replaced.get(endpointKey(source)) ?? source),
    ]);
    nodes.set(id, { ...node, inputs: Object.fromEntries(rewired) });
  }
  return { ...graph, nodes, wired: new Set([...graph.wired, ...taps.map(endpointKey)]) };
}

export function wiresOf(given: Given): readonly string[] {
  if (typeof given === "string") return [given];
  return "wires" in given ? given.wires : given;
}

/** A node without inputs that has a port for each input of the fixture. */
function given(names: readonly string[]): ResolvedNode {
  const outputs = Object.fromEntries(names.map((name) => [name, { type: "tensor" as const }]));
  const base = registry["data.tensors"];
  return { id: givenNode, definition: { ...base, ports: undefined, inputs: {}, outputs }, params: {}, inputs: {} };
}

/** The inputs of a step, by "given.NAME". */
export function givenValues(step: StepGraph, fixture: Fixture, index: number): Map<string, Tensor> {
  const values = new Map<string, Tensor>();
  for (const [name, tensor] of valuesUnder(fixture, `step${index}.in.`)) {
    const wanted = step.inputs[name];
    expect(wanted, `what in.${name} takes the place of`).toBeDefined();
    const shaped = typeof wanted === "object" && "as" in wanted ? wanted.as(tensor, step.config) : tensor;
    values.set(endpointKey({ node: givenNode, port: name }), shaped);
  }
  return values;
}
