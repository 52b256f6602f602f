import { notFound } from "next/navigation";
import { parseDocument } from "#nodes/graph/parse";
import { db } from "#server/db";
import { visitorOf } from "../../../_access/visitor";
import { isId } from "../../../_ui/is-id";
import { Unreadable } from "../../../_ui/unreadable";
import { VersionsPage } from "./versions-page";

export const dynamic = "force-dynamic";
export const metadata = { title: "Versions" };

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  if (!isId(id)) notFound();
  await visitorOf({ kind: "graph", id });
  const graph = await db().graph.findFirst({ where: { id, deletedAt: null } });
  if (!graph) notFound();
  const { document, problems } = parseDocument(graph.document);
  if (!document) return <Unreadable title="This graph cannot be opened" problems={problems} />;
  return <VersionsPage graph={id} nowText={JSON.stringify(document)} savedAt={graph.updatedAt} />;
}
