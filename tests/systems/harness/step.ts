/** The steps of a fixture, compiled as a training compiles them and taken on ONNX Runtime. */
import { expect } from "vitest";
import { toModel } from "#models/onnx/proto";
import type { Program } from "#models/train/program";
import type { TrainRequest } from "#nodes/core/host";
import type { Tensor, Weights } from "#nodes/core/values";
import { type Endpoint, endpointKey } from "#nodes/graph/document";
import { type Lowered, lower } from "#nodes/graph/lower";
import { upstreamOf } from "#nodes/graph/plan";
import type { ResolvedNode } from "#nodes/graph/resolve";
import { parameterValues } from "#server/runtime/parameters";
import { openSession } from "#server/runtime/sessions";
import { compileStage, coneOfStage, lowerStage, type StageSpec, typesOf } from "#server/runtime/training/stage";
import { openBlobs } from "#server/storage/blobs";
import { temporaryFolder, testHost } from "#tests/kit/run-node";
import type { OptimizerSpec, System } from "../system";
import type { Fixture } from "./fixtures";
import { givenValues, type StepGraph, stepGraph } from "./graph";
import { fixtureHandles, HostValues } from "./host-values";

/** What a step gave: by "mid.NAME", "loss.NAME", "grad NAME", and what every tensor is afterwards, by its name. */
export interface StepTaken {
  values: ReadonlyMap<string, Tensor>;
  after: ReadonlyMap<string, Tensor>;
  /** The tensors that the step trains. */
  trained: ReadonlySet<string>;
}

/** The steps of a fixture, one after the other. */
export async function takeSteps(
  system: System,
  fixture: Fixture,
  optimizer: OptimizerSpec | undefined,
): Promise<StepTaken[]> {
  const step = await stepGraph(system, fixture, optimizer);
  const host = await testHost();
  const blobs = openBlobs(await temporaryFolder());
  const checkpoint: Weights = { ref: await blobs.put(fixture.file) };
  const handles = await fixtureHandles(step.graph, checkpoint, host);
  const weightsOf = async (from: Endpoint) => handles.get(endpointKey(from)) as Weights;
  const taken: StepTaken[] = [];
  let state = new Map<string, Tensor>();
  for (let index = 1; index <= fixture.description.steps; index++) {
    const given = givenValues(step, fixture, index);
    const hosted = new HostValues(step.graph, given, host);
    const outside = await computedOutside(step, hosted, { handles, weightsOf, blobs, state });
    const built = await buildStep(step, hosted, handles, optimizer);
    if (!state.size) state = await stateBefore(built, weightsOf, blobs);
    const outputs = await runStep(built, state, step.request, index);
    const values = new Map([...outside, ...(await hostTaps(step, hosted.behind(outputs.values))), ...outputs.values]);
    state = new Map([...state, ...outputs.after]);
    taken.push({ values, after: state, trained: new Set(built.program?.trained) });
  }
  return taken;
}

interface Built {
  lowered: Lowered;
  /** Absent where nothing is trained. */
  program?: Program;
  feeds: ReadonlyMap<string, Tensor>;
}

/** The step's graph with all that is compared among its outputs, compiled for the shapes of its inputs. */
async function buildStep(
  step: StepGraph,
  hosted: HostValues,
  handles: ReadonlyMap<string, Weights>,
  optimizer: OptimizerSpec | undefined,
): Promise<Built> {
  const { graph, request, trainer, types } = step;
  const stage = request?.stages[0];
  if (!request || !stage || !optimizer) return buildForward(step, hosted, handles);
  expectOptimizer(request, optimizer);
  const spec: StageSpec = {
    graph,
    node: trainer,
    request,
    stage,
    losses: stage.branches[0]?.losses ?? [],
    handles,
    wires: types,
    shared: { claimed: new Map(), learning: new Set() },
  };
  const cone = coneOfStage(spec);
  const tensors = tensorNodes(step, [...cone.ends, ...step.taps.values()]);
  const feeds = await hosted.tensorsInto(tensors);
  const lowered = lowerStage(spec, { ...cone, tensors }, typesOf(feeds));
  tap(lowered, step.taps);
  const built = { lowered, graph: lowered.graph, reads: [...feeds.keys()] };
  return { lowered, feeds, program: compileStage(spec, built, feeds, { givesGradients: true }) };
}

/** The template's trainer has to be the fixture's. */
function expectOptimizer({ optimizer, stages, clipNorm }: TrainRequest, wanted: OptimizerSpec): void {
  const { kind, lr, betas, eps, momentum, weight_decay: weightDecay } = wanted;
  const adam = betas && { beta1: betas[0], beta2: betas[1], eps };
  expect(optimizer).toMatchObject({ kind, weightDecay, ...adam, ...(momentum === undefined ? {} : { momentum }) });
  expect([stages[0]?.lr, clipNorm]).toEqual([lr, 0]);
}

async function buildForward(
  step: StepGraph,
  hosted: HostValues,
  handles: ReadonlyMap<string, Weights>,
): Promise<Built> {
  const tensors = tensorNodes(step, [...step.taps.values()]);
  const feeds = await hosted.tensorsInto(tensors);
  const lowered = lower(step.graph, tensors, (from) => feeds.get(endpointKey(from)) as Tensor, { handles });
  tap(lowered, step.taps);
  return { lowered, feeds };
}

/** The tensor nodes that some ends depend on, in the order of the graph. */
function tensorNodes({ graph }: StepGraph, ends: readonly Endpoint[]): string[] {
  const upstream = upstreamOf(graph, ends);
  return [...graph.nodes.values()].flatMap(({ id, definition }) => (upstream.has(id) && definition.build ? [id] : []));
}

function tap({ graph, values }: Lowered, taps: StepGraph["taps"]): void {
  for (const [name, endpoint] of taps) {
    const value = values.get(endpointKey(endpoint));
    if (value) graph.output(name, value);
  }
}

/** What is compared and computed on the host. */
async function hostTaps({ graph, taps }: StepGraph, hosted: HostValues): Promise<[string, Tensor][]> {
  const own = [...taps].filter(([, { node }]) => !(graph.nodes.get(node) as ResolvedNode).definition.build);
  return Promise.all(
    own.map(async ([name, from]) => [name, (await hosted.valueOf(from)) as Tensor] as const),
  ) as Promise<[string, Tensor][]>;
}

type Blobs = ReturnType<typeof openBlobs>;
type WeightsOf = (from: Endpoint) => Promise<Weights>;

/** The tensors of the checkpoint that the step's graph reads, by name. */
async function stateBefore({ lowered }: Built, weightsOf: WeightsOf, blobs: Blobs): Promise<Map<string, Tensor>> {
  const numbers = await parameterValues(lowered, weightsOf, blobs);
  return new Map(
    lowered.graph.parameters.map(({ name, value }) => [
      name,
      { dtype: "float32", shape: value.shape as number[], data: numbers.get(name) as Float32Array },
    ]),
  );
}

/** Takes one step from a state: what it tells, and what goes round. */
async function runStep(
  { lowered, program, feeds }: Built,
  state: ReadonlyMap<string, Tensor>,
  request: TrainRequest | undefined,
  index: number,
): Promise<{ values: Map<string, Tensor>; after: Map<string, Tensor> }> {
  const graph = program && "step" in program.parts ? program.parts.step.graph : lowered.graph;
  const inputs: Record<string, Tensor> = {};
  const scalar = (x: number): Tensor => ({ dtype: "float32", shape: [], data: Float32Array.of(x) });
  const zeros = new Map((program?.states ?? []).map(({ name, shape }) => [name, zerosOf(shape)]));
  const scalars = new Map([
    ["lr", scalar(request?.stages[0]?.lr ?? 0)],
    ["step", scalar(index)],
  ]);
  for (const { name } of [...graph.inputs, ...graph.parameters.map(({ value }) => value)])
    inputs[name] = (feeds.get(name) ?? state.get(name) ?? scalars.get(name) ?? zeros.get(name)) as Tensor;
  const session = await openSession(toModel(graph, { parameters: "inputs" }), "cpu");
  const outputs = await session.run(inputs);
  await session.release();
  const after = new Map((program?.states ?? []).map(({ name, next }) => [name, outputs[next] as Tensor] as const));
  const values = new Map(Object.entries(outputs).filter(([name]) => !name.startsWith("next ")));
  if (outputs.loss) values.set("loss.total", outputs.loss as Tensor);
  return { values: values as Map<string, Tensor>, after };
}

const zerosOf = (shape: readonly number[]): Tensor => ({
  dtype: "float32",
  shape,
  data: new Float32Array(shape.reduce((product, size) => product * size, 1)),
});

interface Forward {
  handles: ReadonlyMap<string, Weights>;
  weightsOf: WeightsOf;
  blobs: Blobs;
  state: ReadonlyMap<string, Tensor>;
}

/** What is compared and computed outside of training, with the tensors as they are before the step. */
async function computedOutside(step: StepGraph, hosted: HostValues, forward: Forward): Promise<Map<string, Tensor>> {
  if (!step.outside.size) return new Map();
  const built = await buildForward({ ...step, taps: step.outside }, hosted, forward.handles);
  const stored = await stateBefore(built, forward.weightsOf, forward.blobs);
  return (await runStep(built, new Map([...stored, ...forward.state]), undefined, 1)).values;
}
