/**
 * What the models of a run hold, told before anything is computed where it cannot fit: those that a training takes,
 * frozen towers too, and those that run as their files are.
 */
import { parametersIn } from "#nodes/graph/infer";
import { parametersFrom } from "#nodes/graph/origins";
import { type Cone, coneOf } from "#nodes/graph/plan";
import type { ResolvedNode } from "#nodes/graph/resolve";
import { sizeOf } from "#models/onnx/shape";
import { Failure } from "../errors";
import { bytesText } from "../runtime-failures";
import { usualThreads } from "./data-threads/pool";
import { memoryLimit } from "./memory";
import { hostOf, type StepContext } from "./steps";
import { refuseRoom } from "./training/room";

/** The nodes whose losses a node differentiates, and everything upstream of them; nothing where it trains nothing. */
export function trainedCone({ graph }: Pick<StepContext, "graph">, id: string): Cone | undefined {
  const { inputs, definition } = graph.nodes.get(id) as ResolvedNode;
  const ends = Object.entries(inputs).flatMap(([name, from]) =>
    definition.inputs[name]?.deferred === "gradient" ? from : [],
  );
  return ends.length ? coneOf(graph, ends) : undefined;
}

/** Refuses a node that is known to hold too much. What is not known yet is told by the node itself. */
export async function refuseLargeModels(id: string, context: StepContext): Promise<void> {
  const cone = trainedCone(context, id);
  await (cone ? refuseLargeTraining(id, cone, context) : refuseLargeFile(id, context));
}

async function refuseLargeFile(id: string, context: StepContext): Promise<void> {
  const bytes = await fileBytes(id, context);
  const limit = memoryLimit();
  if (bytes <= limit) return;
  throw new Failure({
    node: id,
    lack: "memory",
    message: `The weights of ${titleOf(id, context)} take ${bytesText(bytes)}, and runs may hold ${bytesText(limit)}.`,
    hint: "Take a smaller or quantized file, or give runs more memory with PATCHBAY_MEMORY.",
  });
}

/** The parameters of all its nodes, in float32, and of models that are computed for each batch by files. */
async function refuseLargeTraining(id: string, cone: Cone, context: StepContext): Promise<void> {
  const models = parameterBytes(cone.tensors, context);
  // Each thread that makes batches opens a model for itself.
  const copies = 1 + (context.options.dataThreads ?? usualThreads);
  let files = 0;
  for (const each of cone.stepwise) files += copies * (await fileBytes(each, context));
  const parameters = sum(models.values());
  const largest = [...models]
    .toSorted(([, one], [, other]) => other - one)
    .slice(0, 3)
    .map(([each, bytes]) => `${titleOf(each, context)} “${each}” ${bytesText(bytes)}`);
  refuseRoom(context.graph, id, [
    [`parameters, frozen ones too (${largest.join(", ")})`, parameters],
    ["models that are computed for each batch", files],
  ]);
}

/** What the parameters of tensor nodes take, by node; those that several nodes share with the first of them. */
function parameterBytes(nodes: readonly string[], { graph, types }: StepContext): Map<string, number> {
  const known = new Set<string>();
  const bytes = new Map<string, number>();
  for (const id of nodes) {
    const node = graph.nodes.get(id) as ResolvedNode;
    const own = parametersIn(graph, node, types).filter(({ name }) => {
      const shared = `${parametersFrom(graph, node)} ${name}`;
      const isNew = !known.has(shared);
      known.add(shared);
      return isNew;
    });
    bytes.set(id, sum(own.map(({ value }) => sizeOf(value.shape) * Float32Array.BYTES_PER_ELEMENT)));
  }
  return bytes;
}

/** What the files of a model take that runs as they are; nothing for every other node. */
async function fileBytes(id: string, context: StepContext): Promise<number> {
  const { definition, params } = context.graph.nodes.get(id) as ResolvedNode;
  return (await definition.fileBytes?.({ host: hostOf(id, context), params })) ?? 0;
}

const titleOf = (id: string, { graph }: StepContext): string => graph.nodes.get(id)?.definition.title ?? id;

const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, number) => total + number, 0);
