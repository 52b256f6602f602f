/**
 * What a link will show: graph and results as they are now, without what its sharer leaves out, and the list of what
 * leaves, which the sharer is shown first. Both come from here, so that the list is never another one.
 */
import type { Preview } from "#nodes/core/preview";
import { differences } from "#nodes/graph/differences";
import type { GraphDocument } from "#nodes/graph/document";
import { withoutPins } from "#nodes/graph/edits";
import type { PublicError, RunEvent, RunStatus } from "#nodes/graph/events";
import {
  isPath,
  type LeavingText,
  leavingWith,
  textsIn,
  type UploadedFile,
  withoutLeaving,
} from "#nodes/graph/leaving";
import { resolve } from "#nodes/graph/resolve";
import { registry } from "#nodes/registry.gen";
import type { Db } from "../db";
import { Failure } from "../errors";
import { checked, readable } from "../graphs/checked";
import { titleIn } from "../graphs/ready";
import { notFound } from "../not-found";
import { curvesOf } from "../runs/curves";
import { type StoredOutputs, numbersIn } from "../runs/numbers";
import { blobs } from "../storage/open";
import type { LinkKind, SharedContent, SharedFile, SharedNode, SharedRun } from "./content";

/** What is shown: a version, and with it a run if one is chosen; or runs alone. */
export type Source = { version: string; run?: string } | { runs: string[] };

export interface Chosen {
  source: Source;
  leaveOut: { files?: boolean; paths?: boolean; notes?: boolean; names?: boolean };
  /** Files that the runs made can be downloaded. */
  resultFiles: boolean;
  /** The nodes whose results are shown; where it is missing, those that nothing reads. */
  nodes?: string[];
}

/** All that there is to leave, whether it does or not. */
export interface Leaves {
  /** Uploads that the graph names; those that are not left out can be downloaded with it. */
  files: UploadedFile[];
  paths: LeavingText[];
  notes: LeavingText[];
  /** Names of pictures in results. */
  names: string[];
  resultFiles: SharedFile[];
  nodes: { id: string; title: string; types: string[]; isEnd: boolean; isShown: boolean }[];
}

export interface Frozen {
  kind: LinkKind;
  /** Whose it is: that of the graph, or of the first run. */
  teamId: string;
  graphId?: string;
  content: SharedContent;
  leaves: Leaves;
}

/** A larger one is not kept: previews are small, so that it takes very many of them. */
const mostBytes = 24 * 2 ** 20;
/** Points of each curve. */
const curvePoints = 500;

export async function freeze(db: Db, chosen: Chosen): Promise<Frozen> {
  const { source } = chosen;
  const version = "version" in source ? await versionOf(db, source.version) : undefined;
  const ids = "version" in source ? (source.run ? [source.run] : []) : source.runs;
  const runs = await Promise.all(ids.map((id) => endedRun(db, id)));
  const stranger = version && runs.find((run) => run.graphId !== version.graphId);
  if (stranger) throw new Failure({ message: "This run is of another graph.", hint: "Choose a run of this graph." });
  const document = version ? checked(version.document) : runs.length === 1 ? runs[0]?.document : undefined;
  const whole = await Promise.all(runs.map((run) => wholeRun(db, run, chosen.nodes)));
  const leaves = leavesOf(document, whole);
  const teamId = version?.graph.teamId ?? runs[0]?.teamId;
  if (teamId === undefined) throw notFound("This run");
  const content = without(
    {
      title: document?.name ?? `${runs.length} runs`,
      description: document?.description ?? "",
      document,
      version: version && { number: version.number, label: version.label },
      runs: whole.map(({ run }) => run),
      parameters: runs.length > 1 ? differences(runs.map((run) => run.document)) : [],
    },
    chosen,
  );
  if (JSON.stringify(content).length > mostBytes)
    throw new Failure({
      message: "The results are too large for one page.",
      hint: "Choose fewer of them.",
    });
  return {
    teamId,
    kind: version ? "version" : runs.length > 1 ? "comparison" : "run",
    graphId: version?.graphId,
    content,
    leaves,
  };
}

async function versionOf(db: Db, id: string) {
  const team = { select: { teamId: true } } as const;
  const select = { id: true, graphId: true, number: true, label: true, document: true, graph: team } as const;
  const version = await db.graphVersion.findFirst({ where: { id, graph: { deletedAt: null } }, select });
  if (!version) throw notFound("This version");
  if (version.label) return version;
  throw new Failure({
    message: "This version has no name.",
    hint: "Others see versions that were named for them: name it, and share it then.",
  });
}

const runColumns = {
  id: true,
  teamId: true,
  graphId: true,
  name: true,
  status: true,
  error: true,
  provider: true,
  startedAt: true,
  finishedAt: true,
  result: true,
  document: true,
  version: { select: { number: true } },
} as const;

interface EndedRun {
  id: string;
  teamId: string;
  graphId: string | null;
  name: string;
  status: RunStatus;
  error: PublicError | null;
  provider: string | null;
  startedAt: Date | null;
  finishedAt: Date | null;
  outputs: StoredOutputs;
  document: GraphDocument;
  version?: number;
}

async function endedRun(db: Db, id: string): Promise<EndedRun> {
  const run = await db.run.findUnique({ where: { id }, select: runColumns });
  if (!run) throw notFound("This run");
  if (!["done", "failed", "cancelled"].includes(run.status))
    throw new Failure({ message: "This run goes on.", hint: "Share it when it has ended." });
  return {
    ...run,
    error: run.error as PublicError | null,
    outputs: ((run.result ?? {}) as { outputs?: StoredOutputs }).outputs ?? {},
    document: readable(run.document).document,
    version: run.version?.number,
  };
}

interface WholeRun {
  run: SharedRun;
  nodes: Leaves["nodes"];
}

/** All of a run that can be shown: files too, and names. */
async function wholeRun(db: Db, run: EndedRun, asked: readonly string[] | undefined): Promise<WholeRun> {
  const { flat } = resolve(run.document, registry);
  const feeding = new Set(flat.document.wires.map(({ from }) => from.node));
  const known = await nodesOf(db, run, (id) => titleIn(flat.document, id));
  const ends = known.filter(({ id }) => !feeding.has(id));
  const ordered = [...ends, ...known.filter(({ id }) => feeding.has(id))];
  const isShown = (id: string) => (asked ? asked.includes(id) : !feeding.has(id) || isTelling(known, id));
  const nodes = ordered.map(({ id, title, previews, curves }) => ({
    id,
    title,
    types: [
      ...new Set([...Object.values(previews).map(({ type }) => type as string), ...(curves.length ? ["series"] : [])]),
    ],
    isEnd: !feeding.has(id),
    isShown: isShown(id),
  }));
  return {
    nodes,
    run: {
      name: run.name,
      status: run.status,
      ...(run.error ? { error: { message: run.error.message, hint: run.error.hint } } : {}),
      ...(run.provider ? { provider: run.provider } : {}),
      ...(run.finishedAt ? { finishedAt: run.finishedAt.getTime() } : {}),
      ...(run.startedAt && run.finishedAt ? { took: run.finishedAt.getTime() - run.startedAt.getTime() } : {}),
      ...(run.version === undefined ? {} : { version: run.version }),
      numbers: numbersIn(run.outputs),
      nodes: ordered.filter(({ id }) => isShown(id)),
      files: await filesOf(db, run.id),
    },
  };
}

/** Not only numbers of a tensor: somebody made it to be looked at. */
const plain = ["image", "text", "tensor", "weights", "tokenizer", "number", "file", "ranking"] as const;
const dull: readonly Preview["type"][] = plain;
const isTelling = (nodes: readonly SharedNode[], id: string): boolean =>
  nodes.some(
    (node) =>
      node.id === id &&
      (node.curves.length > 0 || Object.values(node.previews).some(({ type }) => !dull.includes(type))),
  );

type Told = Extract<RunEvent, { kind: "node-done" | "node-failed" }>;

async function nodesOf(db: Db, { id }: EndedRun, titleOf: (id: string) => string): Promise<SharedNode[]> {
  const told = await db.$queryRaw<{ data: Told }[]>`select "data" from "RunEvent"
    where "runId" = ${id}::uuid and "data"->>'kind' in ('node-done', 'node-failed') order by "id"`;
  const curves = await curvesOf(db, id, curvePoints);
  const nodes = new Map<string, SharedNode>();
  const nodeOf = (node: string): SharedNode =>
    nodes.get(node) ?? { id: node, title: titleOf(node), previews: {}, curves: [] };
  for (const { data } of told) {
    const known = nodeOf(data.node);
    if (data.kind === "node-done") nodes.set(data.node, { ...known, previews: data.previews, error: undefined });
    else nodes.set(data.node, { ...known, error: data.error.message });
  }
  for (const { name, label, x, y } of curves) {
    const end = name.lastIndexOf(" · ");
    const known = nodeOf(name.slice(0, end));
    if (Object.values(known.previews).some(({ type }) => type === "series")) continue;
    nodes.set(known.id, { ...known, curves: [...known.curves, { name: name.slice(end + 3), label, x, y }] });
  }
  return [...nodes.values()].filter(hasSomething);
}

const hasSomething = ({ previews, curves, error }: SharedNode): boolean =>
  Object.keys(previews).length > 0 || curves.length > 0 || error !== undefined;

async function filesOf(db: Db, runId: string): Promise<SharedFile[]> {
  const artifacts = await db.artifact.findMany({ where: { runId, type: { in: ["file", "weights"] } } });
  const files = await Promise.all(
    artifacts.map(async ({ node, name, ref }) => {
      const bytes = await blobs()
        .size(ref)
        .catch(() => undefined);
      return bytes === undefined ? [] : [{ node, name, ref, bytes }];
    }),
  );
  return files.flat();
}

function leavesOf(document: GraphDocument | undefined, runs: readonly WholeRun[]): Leaves {
  const ofDocument = document ? leavingWith(document) : { files: [], paths: [], notes: [] };
  const shown = runs.flatMap(({ run }) => run.nodes);
  const pathsShown = shown.flatMap(({ id, previews }) =>
    [...textsIn(previews)].filter(isPath).map((text) => ({ node: id, text })),
  );
  const nodes = new Map(runs.flatMap((run) => run.nodes).map((node) => [node.id, node]));
  return {
    files: ofDocument.files,
    paths: [...ofDocument.paths, ...pathsShown],
    notes: ofDocument.notes,
    names: [...new Set(shown.flatMap(({ previews }) => [...namesIn(previews)]))],
    resultFiles: runs.flatMap(({ run }) => run.files),
    nodes: [...nodes.values()],
  };
}

/** The content as it is kept: without what is left out, and without references to files that stay here. */
function without(content: SharedContent, { leaveOut, resultFiles }: Chosen): SharedContent {
  const { document } = content;
  const runs = content.runs.map((run) => ({
    ...run,
    ...(run.error && leaveOut.paths ? { error: withoutPaths(run.error) as SharedRun["error"] } : {}),
    files: resultFiles ? run.files : [],
    nodes: run.nodes.map((node) => {
      const previews = Object.entries(node.previews).flatMap(([name, preview]) => shownPreview(name, preview));
      const named = leaveOut.names ? withoutNames(previews) : previews;
      const shown = leaveOut.paths ? withoutPaths(named) : named;
      const error = node.error && leaveOut.paths ? (withoutPaths(node.error) as string) : node.error;
      return { ...node, error, previews: Object.fromEntries(shown as [string, Preview][]) };
    }),
  }));
  return { ...content, ...(document ? { document: withoutPins(withoutLeaving(document, leaveOut)) } : {}), runs };
}

/** Files have a list of their own; weights are told of, and lie there too. */
function shownPreview(name: string, preview: Preview): [string, Preview][] {
  if (preview.type === "file") return [];
  if (preview.type !== "weights") return [[name, preview]];
  const { ref: _, ...rest } = preview;
  return [[name, rest]];
}

/** Pictures are called as their files were, and so are the items of rankings. */
function* namesIn(value: unknown): Generator<string> {
  if (typeof value !== "object" || value === null) return;
  const { name, ref, image } = value as { name?: unknown; ref?: unknown; image?: unknown };
  if (typeof name === "string" && (typeof ref === "string" || typeof image === "object")) yield name;
  for (const inner of Object.values(value)) yield* namesIn(inner);
}

function withoutNames(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(withoutNames);
  const { name, ...rest } = value as { name?: unknown; ref?: unknown; image?: unknown };
  const isNamed = typeof rest.ref === "string" || typeof rest.image === "object";
  const kept = isNamed || name === undefined ? rest : { name, ...rest };
  return Object.fromEntries(Object.entries(kept).map(([key, inner]) => [key, withoutNames(inner)]));
}

/** Texts that are paths, and paths within texts, by what they end with. */
function withoutPaths(value: unknown): unknown {
  if (typeof value === "string")
    return value.replace(paths, (_, before, path) => `${before}…/${path.split(/[\\/]/).pop()}`);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(withoutPaths);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutPaths(inner)]));
}

const paths = /(^|[\s"'“(=])((?:\/[^/\s"'”)]+){2,}\/?|~\/[^\s"'”)]+|[A-Za-z]:\\[^\s"'”)]+|\\\\[^\s"'”)]+)/g;
