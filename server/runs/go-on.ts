/** Continuing a training: from any checkpoint that a run kept, for longer, with the graph as it was or as it is now. */
import { within } from "#nodes/graph/composite-edits";
import { compositeIdOf, insideOf, separator } from "#nodes/graph/composites";
import type { GraphDocument, GraphNode } from "#nodes/graph/document";
import { setParam } from "#nodes/graph/edits";
import type { KeptCheckpoint } from "#nodes/graph/events";
import type { Actor } from "../access/actor";
import type { Db } from "../db";
import { Failure } from "../errors";
import { checked, readable } from "../graphs/checked";
import { titleIn } from "../graphs/ready";
import { createRun, type CreatedRun } from "./create";
import { eventsOf } from "./events";

export interface KeptTraining {
  node: string;
  title: string;
  /** Steps that the training was to take. */
  steps: number | undefined;
  /** The last one first. */
  checkpoints: KeptCheckpoint[];
}

/** The trainings of a run that can go on, with the checkpoints that they kept. */
export async function keptTrainings(db: Db, id: string): Promise<KeptTraining[]> {
  const run = await db.run.findUnique({ where: { id }, select: { document: true } });
  if (!run) return [];
  const { document } = readable(run.document);
  const byNode = new Map<string, Map<number, KeptCheckpoint>>();
  for (const { node, step, best, loss, files } of await eventsOf(db, id, "checkpoint")) {
    const known = byNode.get(node) ?? new Map<number, KeptCheckpoint>();
    byNode.set(node, known.set(step, { step, best, loss, files }));
  }
  return [...byNode].map(([node, checkpoints]) => ({
    node,
    title: titleIn(document, node),
    steps: stepsOf(document, node),
    checkpoints: [...checkpoints.values()].sort((a, b) => b.step - a.step),
  }));
}

export interface GoingOn {
  id: string;
  node: string;
  /** The checkpoint. */
  step: number;
  /** Until which step, counted from the beginning. */
  until: number;
  /** With what the graph is today, instead of with what it was. */
  today: boolean;
  askedBy?: string;
  actor?: Actor;
}

/** A run that goes on from a checkpoint of another one. Nothing where there is no such run. */
export async function goOnFrom(db: Db, asked: GoingOn): Promise<CreatedRun | undefined> {
  const run = await db.run.findUnique({
    where: { id: asked.id },
    select: { graphId: true, document: true, targets: true, graph: { select: { document: true, deletedAt: true } } },
  });
  if (!run) return undefined;
  const trainings = await keptTrainings(db, asked.id);
  const checkpoint = trainings
    .find(({ node }) => node === asked.node)
    ?.checkpoints.find(({ step }) => step === asked.step);
  if (!checkpoint) throw new Failure(noCheckpoint);
  const isThere = run.graph !== null && run.graph.deletedAt === null;
  if (asked.today && !isThere) throw new Failure(noGraph);
  const document = checked(asked.today ? run.graph?.document : run.document);
  return createRun(db, {
    graphId: run.graphId ?? undefined,
    document: goingOn(document, asked, checkpoint),
    targets: asked.today ? [] : run.targets,
    askedBy: asked.askedBy,
    actor: asked.actor,
  });
}

const noCheckpoint = {
  message: "This run did not keep a checkpoint of that step.",
  hint: "A training keeps its last ones (“Checkpoints kept”) and its best.",
};
const noGraph = {
  message: "The graph of this run was deleted.",
  hint: "Go on with the graph as it was: the run has its own copy.",
};

/** The graph with a trainer that starts from a checkpoint; what comes beyond the asked step is not trained. */
function goingOn(document: GraphDocument, { node, until }: GoingOn, { step, files }: KeptCheckpoint): GraphDocument {
  const [first] = files;
  const start = { ref: first?.ref ?? "", name: `step-${step}.safetensors`, ...(files.length > 1 ? { files } : {}) };
  const stages = paramAt(document, node, "stages");
  const changes: [param: string, value: unknown][] = [["start", start]];
  // A table of stages has its own steps; without one, steps take the place of epochs.
  if (!Array.isArray(stages) || !stages.length) changes.push(["steps", until], ["epochs", 0]);
  return changes.reduce((now, [param, value]) => withParamAt(now, node, param, value as Value), document);
}

type Value = GraphNode["params"][string];

/** Where a node of a path such as "tower/trainer" lies: its composite, if any, and its id there. */
function placeOf(document: GraphDocument, path: string): { composite: string | undefined; id: string } {
  const ids = path.split(separator);
  let composite: string | undefined;
  for (const instance of ids.slice(0, -1)) {
    const graph = composite === undefined ? document : insideOf(document, composite);
    composite = compositeIdOf(graph?.nodes[instance]?.type ?? "");
  }
  return { composite, id: ids.at(-1) ?? path };
}

function paramAt(document: GraphDocument, path: string, param: string): unknown {
  const { composite, id } = placeOf(document, path);
  const graph = composite === undefined ? document : insideOf(document, composite);
  return graph?.nodes[id]?.params[param];
}

function withParamAt(document: GraphDocument, path: string, param: string, value: Value): GraphDocument {
  const { composite, id } = placeOf(document, path);
  return within(document, composite, (graph) => setParam(graph, id, param, value));
}

function stepsOf(document: GraphDocument, node: string): number | undefined {
  const steps = paramAt(document, node, "steps");
  return typeof steps === "number" ? steps : undefined;
}
