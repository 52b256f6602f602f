import { notFound } from "next/navigation";
import { db } from "#server/db";
import { parseDocument } from "#nodes/graph/parse";
import { Editor } from "../../_editor/editor";
import { isId } from "../../_ui/is-id";
import { Unreadable } from "../../_ui/unreadable";

export const dynamic = "force-dynamic";
export const metadata = { title: "Run" };

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  const run = isId(id) ? await db().run.findUnique({ where: { id } }) : null;
  if (!run) notFound();
  const { document, problems } = parseDocument(run.document);
  if (!document) return <Unreadable title="What this run ran cannot be opened" problems={problems} />;
  return <Editor documentText={JSON.stringify(document)} runId={id} frozen />;
}
