/** Graphs that are kept ready to be called. */
import type { GraphDocument } from "#nodes/graph/document";
import type { Port } from "#nodes/core/ports";
import type { PortType } from "#nodes/core/values";
import { withoutPins } from "#nodes/graph/edits";
import { definitionOf } from "#nodes/graph/resolve";
import { registry } from "#nodes/registry.gen";
import type { Db } from "../db";
import { checked } from "../graphs/checked";
import { lastOutputs } from "./outputs";
import { endpointNamed, nodesGiving } from "./places";
import { Refusal } from "./problem";
import { namedVersion } from "./versions";

export interface Served {
  graphId: string;
  name: string;
  versionId: string;
  version: number;
  label: string;
  outputs: readonly string[];
  document: GraphDocument;
}

/** Milliseconds for which it is believed that a graph is still served as it was. */
const believed = 1000;
const known = new Map<string, { until: number; served: Promise<Served | undefined> }>();
/** Versions never change. */
const documents = new Map<string, GraphDocument>();

/** How a graph is served; nothing where it is not. */
export function servedGraph(db: Db, graphId: string): Promise<Served | undefined> {
  const now = Date.now();
  const found = known.get(graphId);
  if (found && found.until > now) return found.served;
  const served = readServed(db, graphId);
  if (known.size > 1000) known.clear();
  known.set(graphId, { until: now + believed, served });
  served.catch(() => known.delete(graphId));
  return served;
}

async function readServed(db: Db, graphId: string): Promise<Served | undefined> {
  const row = await db.servedGraph.findFirst({
    where: { graphId, graph: { deletedAt: null } },
    select: { versionId: true, outputs: true, version: { select: { number: true, label: true } } },
  });
  if (!row) return undefined;
  const { versionId, outputs, version } = row;
  const document = documents.get(versionId) ?? (await readDocument(db, versionId));
  const { number, label } = version;
  return { graphId, versionId, outputs, document, name: document.name, version: number, label };
}

async function readDocument(db: Db, versionId: string): Promise<GraphDocument> {
  const { document } = await db.graphVersion.findUniqueOrThrow({
    where: { id: versionId },
    select: { document: true },
  });
  const read = withoutPins(checked(document));
  if (documents.size >= 100) documents.clear();
  documents.set(versionId, read);
  return read;
}

/** Keeps a named version of a graph ready, for these outputs. */
export async function serveGraph(
  db: Db,
  graphId: string,
  asked: { version?: number | string; outputs?: readonly string[] },
): Promise<void> {
  const version = await namedVersion(db, graphId, asked.version);
  const outputs = [...(asked.outputs ?? lastOutputs(version.document))];
  nodesGiving(version.document, outputs);
  for (const place of outputs) refuseType(version.document, place);
  const data = { versionId: version.id, outputs };
  await db.servedGraph.upsert({ where: { graphId }, create: { graphId, ...data }, update: data });
  known.delete(graphId);
}

export async function serveNoMore(db: Db, graphId: string): Promise<void> {
  await db.servedGraph.deleteMany({ where: { graphId } });
  known.delete(graphId);
}

const servable: ReadonlySet<PortType> = new Set(["text", "tensor", "number", "series"]);

function refuseType(document: GraphDocument, place: string): void {
  const { node, port } = endpointNamed(place);
  const ports: Record<string, Port> = definitionOf(document, node, registry)?.outputs ?? {};
  const type = ports[port]?.type;
  if (!type || servable.has(type)) return;
  throw new Refusal(422, {
    message: `${place} is ${type}; a served graph gives texts, tensors, numbers and charts.`,
    hint: "Name other outputs, such as the embedding that a file or a picture is made of.",
    node,
    port,
  });
}

export interface CallFigures {
  calls: number;
  failed: number;
  /** Milliseconds; nothing where there was no call. */
  median: number | null;
  p95: number | null;
}

/** How calls of a graph went within the last hour. */
export async function callFigures(db: Db, graphId: string): Promise<CallFigures> {
  const [row] = await db.$queryRaw<{ calls: bigint; failed: bigint; median: number | null; p95: number | null }[]>`
    select count(*) as calls, count("error") as failed,
      percentile_cont(0.5) within group (order by "ms") as median,
      percentile_cont(0.95) within group (order by "ms") as p95
    from "ServedCall" where "graphId" = ${graphId}::uuid and "createdAt" > now() - interval '1 hour'`;
  return {
    calls: Number(row?.calls ?? 0),
    failed: Number(row?.failed ?? 0),
    median: row?.median ?? null,
    p95: row?.p95 ?? null,
  };
}
