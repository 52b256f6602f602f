/** The training step of a template's last trainer, for one batch of the template's own data. */
import type { Program } from "#models/train/program";
import type { TrainRequest } from "#nodes/core/host";
import type { Tensor } from "#nodes/core/values";
import { check } from "#nodes/graph/check";
import type { GraphDocument } from "#nodes/graph/document";
import type { ResolvedGraph } from "#nodes/graph/resolve";
import {
  type BuiltStage,
  compileStage,
  coneOfStage,
  lowerStage,
  type StageSpec,
  typesOf,
} from "#server/runtime/training/stage";
import { readTemplate } from "#server/templates";
import { testHost } from "#tests/kit/run-node";
import { fixtureHandles, HostValues } from "#tests/systems/harness/host-values";

const trainer = "trainer";

export interface OpenStage {
  spec: StageSpec;
  built: BuiltStage;
  batch: ReadonlyMap<string, Tensor>;
  compile(): Program;
}

export async function stageOf(name: string): Promise<OpenStage> {
  const template = await readTemplate(name);
  if (!template) throw new Error(`there is no template ${name}`);
  const { graph, types: wires } = check(withFewRows(template));
  const request = await requestOf(graph);
  const host = await testHost();
  const [stage] = request.stages;
  if (!stage) throw new Error(`${name} has no stage`);
  const spec: StageSpec = {
    graph,
    node: trainer,
    request,
    stage,
    losses: stage.branches[0]?.losses ?? [],
    handles: await fixtureHandles(graph, { seed: 0 }, host),
    wires,
    shared: { claimed: new Map(), learning: new Set() },
  };
  const cone = coneOfStage(spec);
  const rows = await new HostValues(graph, new Map(), host).tensorsInto(cone.tensors);
  const batch = new Map([...rows].map(([from, tensor]) => [from, firstRows(tensor, stage.batchSize)]));
  const lowered = lowerStage(spec, cone, typesOf(batch));
  const built = { lowered, graph: lowered.graph, reads: [...batch.keys()] };
  return { spec, built, batch, compile: () => compileStage(spec, built, batch) };
}

function firstRows(tensor: Tensor, count: number): Tensor {
  const [rows = 0, ...row] = tensor.shape as number[];
  if (!tensor.shape.length || rows <= count) return tensor;
  const numbers = row.reduce((product, size) => product * size, count);
  return { ...tensor, shape: [count, ...row], data: tensor.data.slice(0, numbers) } as Tensor;
}

/** As many rows of data as a batch has. */
function withFewRows(template: GraphDocument): GraphDocument {
  const changed = structuredClone(template);
  const rows = Number(changed.constants?.batch?.value);
  for (const { nodes } of [changed, ...Object.values(changed.composites ?? {})]) {
    for (const node of Object.values(nodes)) {
      if (node.type === "data.shape-caps") node.params.rows = rows;
      if (node.type === "data.emoji") node.params.limit = rows;
    }
  }
  return changed;
}

/** What the trainer asks its host for. */
async function requestOf({ nodes }: ResolvedGraph): Promise<TrainRequest> {
  const node = nodes.get(trainer);
  let asked: TrainRequest | undefined;
  const series = { x: { label: "step", values: [] }, lines: [] };
  const host = await testHost({
    async train(request) {
      asked = request;
      return { weights: {}, average: {}, curve: series, waited: 0, memory: 0 };
    },
  });
  const loss = (node?.inputs.loss ?? []).map((end) => ({ deferred: true as const, ...end }));
  await node?.definition.run?.({ host, inputs: { loss, metric: [] }, params: node.params });
  if (!asked) throw new Error(`there is no trainer “${trainer}”`);
  return asked;
}
