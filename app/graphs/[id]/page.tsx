import { notFound } from "next/navigation";
import { db } from "#server/db";
import { parseDocument } from "#nodes/graph/parse";
import { visitorOf } from "../../_access/visitor";
import { EditorPage } from "../../_editor/editor-page";
import { isId } from "../../_ui/is-id";
import { Unreadable } from "../../_ui/unreadable";

export const dynamic = "force-dynamic";

export async function generateMetadata({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  if (!isId(id)) return {};
  await visitorOf({ kind: "graph", id });
  return { title: (await db().graph.findUnique({ where: { id }, select: { name: true } }))?.name };
}

/** The run of a graph that goes on, or else the last one. */
async function lastRun(graphId: string): Promise<{ id: string } | null> {
  const ofGraph = { graphId, sweepId: null };
  const newestFirst = { orderBy: { createdAt: "desc" }, select: { id: true } } as const;
  const running = await db().run.findFirst({ where: { ...ofGraph, status: "running" }, ...newestFirst });
  return running ?? db().run.findFirst({ where: ofGraph, ...newestFirst });
}

interface PageProps {
  params: Promise<{ id: string }>;
  /** `run`: the run whose results are shown at first, instead of the graph's last one. */
  searchParams: Promise<{ run?: string | string[] }>;
}

export default async function Page({ params, searchParams }: PageProps) {
  const { id } = await params;
  const { run } = await searchParams;
  if (!isId(id)) notFound();
  await visitorOf({ kind: "graph", id });
  const graph = await db().graph.findFirst({ where: { id, deletedAt: null } });
  if (!graph) notFound();
  const { document, problems } = parseDocument(graph.document);
  if (!document) return <Unreadable title="This graph cannot be opened" problems={problems} />;
  const last = await lastRun(id);
  return (
    <EditorPage
      documentText={JSON.stringify(document)}
      graphId={id}
      revision={graph.revision}
      runId={typeof run === "string" && isId(run) ? run : last?.id}
    />
  );
}
