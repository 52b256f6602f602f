import { notFound } from "next/navigation";
import { db } from "#server/db";
import { parseDocument } from "#nodes/graph/parse";
import { visitorOf } from "../../_access/visitor";
import { EditorPage } from "../../_editor/editor-page";
import { isId } from "../../_ui/is-id";
import { Unreadable } from "../../_ui/unreadable";

export const dynamic = "force-dynamic";
export const metadata = { title: "Run" };

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  if (!isId(id)) notFound();
  await visitorOf({ kind: "run", id });
  const run = await db().run.findUnique({ where: { id } });
  if (!run) notFound();
  const { document, problems } = parseDocument(run.document);
  if (!document) return <Unreadable title="What this run ran cannot be opened" problems={problems} />;
  return <EditorPage documentText={JSON.stringify(document)} runId={id} frozen />;
}
