import { check } from "#nodes/graph/check";
import type { GraphDocument } from "#nodes/graph/document";
import type { FormLimits } from "#nodes/graph/published-form";
import type { Assignment } from "#nodes/graph/sweep";
import type { Actor } from "../access/actor";
import { refuseForeignFiles } from "../access/files";
import { refuseTooManyRuns } from "../access/quota";
import { madeBy } from "../access/working-team";
import type { Db, Tx } from "../db";
import { Failure } from "../errors";
import { checked } from "../graphs/checked";
import { readyTargets, soundTargets } from "../graphs/ready";
import { addVersion } from "../graphs/versions";
import { enqueue, prepareQueue } from "../jobs/queue";
import { namedTarget, type UnsoundTarget } from "./foresee";
import { fairPriority } from "./fair";
import { foremostPriority } from "./queue";

export interface NewRun {
  graphId?: string;
  document: GraphDocument;
  /** All that feed nothing, where none are named. */
  targets?: string[];
  /** Leaves out what has an error in what it needs, and runs the rest. */
  soundOnly?: boolean;
  /** Before all others that wait. */
  next?: boolean;
  /** A name that the browser which asks gave itself. */
  askedBy?: string;
  /** The version that the document is, or was made of; without it, the document is kept as one. */
  versionId?: string;
  /** The values in which the document differs from its version, by "node.param". */
  assignment?: Assignment;
  /** What it may take at most, which is watched while it goes on. */
  limits?: FormLimits;
  /** Writes what has to be there when and only when the run is. */
  alongside?(tx: Tx, runId: string): Promise<void>;
  /** Who asks: whoever calls this has asked whether they may. */
  actor?: Actor;
}

export interface CreatedRun {
  id: string;
  /** What was left out, and why. */
  unsound: UnsoundTarget[];
}

/**
 * A run of a frozen snapshot, queued in the same transaction. Refused when what it needs has an error; or when nothing
 * is left without one.
 */
export async function createRun(db: Db, asked: NewRun): Promise<CreatedRun> {
  const { graphId, document, next = false, askedBy, assignment, actor = { kind: "local" } } = asked;
  const { targets, unsound } = targetsOf(asked);
  const owner = await ownerOfRun(db, actor, graphId);
  await refuseForeignFiles(db, actor, document);
  await refuseTooManyRuns(db, owner, 1);
  await prepareQueue();
  return db.$transaction(async (tx) => {
    const version = asked.versionId ?? (graphId ? await snapshot(tx, graphId, document) : undefined);
    const priority = next ? await foremostPriority(tx, owner.userId) : await fairPriority(tx, owner.userId);
    const run = await tx.run.create({
      data: {
        ...owner,
        graphId,
        priority,
        askedBy,
        versionId: version,
        name: document.name,
        document,
        targets,
        assignment,
        limits: asked.limits,
        events: { create: { attempt: 0, data: { kind: "status", status: "queued" } } },
      },
      select: { id: true },
    });
    await enqueue("run", [{ id: run.id, data: { runId: run.id }, priority }], tx);
    await asked.alongside?.(tx, run.id);
    return { ...run, unsound };
  });
}

/** A run is of the team of its graph, whoever asked for it. */
export async function ownerOfRun(db: Db, actor: Actor, graphId: string | undefined): ReturnType<typeof madeBy> {
  const graph = graphId && (await db.graph.findUnique({ where: { id: graphId }, select: { teamId: true } }));
  return madeBy(db, actor, graph ? graph.teamId : undefined);
}

function targetsOf({ document, targets = [], soundOnly }: NewRun): { targets: string[]; unsound: UnsoundTarget[] } {
  if (!soundOnly) {
    refuseErrors(document, targets);
    return { targets, unsound: [] };
  }
  const { sound, unsound } = soundTargets(check(document), targets.length ? targets : undefined);
  if (!sound.length) refuseErrors(document, targets);
  const isAll = !unsound.length && !targets.length;
  return { targets: isAll ? [] : sound, unsound: unsound.map((target) => namedTarget(document, target)) };
}

/** Throws the first error in what the targets need; in the whole graph when there are none. */
export function refuseErrors(document: GraphDocument, targets: readonly string[]): void {
  readyTargets(document, check(document), targets.length ? targets : undefined);
}

/** The graph's version that holds this document; a new one if it differs from the last. */
async function snapshot(tx: Tx, graphId: string, document: GraphDocument): Promise<string | undefined> {
  if (!(await tx.graph.findFirst({ where: { id: graphId, deletedAt: null }, select: { id: true } }))) return undefined;
  return (await addVersion(tx, { graphId, document })).id;
}

/** The same run again: the same snapshot and targets, or what its graph is today. */
export async function runAgain(
  db: Db,
  id: string,
  { today = false, ...how }: { today?: boolean } & Pick<NewRun, "next" | "askedBy" | "actor">,
): Promise<CreatedRun | undefined> {
  const run = await db.run.findUnique({
    where: { id },
    select: { graphId: true, document: true, targets: true, graph: { select: { document: true, deletedAt: true } } },
  });
  if (!run) return undefined;
  const { graph } = run;
  if (today && (!graph || graph.deletedAt)) throw new Failure(graphIsGone);
  const document = checked(today ? graph?.document : run.document);
  const targets = run.targets.filter((target) => !today || isIn(document, target));
  return createRun(db, { graphId: run.graphId ?? undefined, document, targets, ...how });
}

const graphIsGone = {
  message: "The graph of this run was deleted.",
  hint: "Run it again as it was: the run has its own copy of the graph.",
};

const isIn = ({ nodes }: GraphDocument, target: string): boolean => Object.hasOwn(nodes, target.split("/")[0] ?? "");
