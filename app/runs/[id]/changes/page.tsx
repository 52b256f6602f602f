import { notFound } from "next/navigation";
import { parseDocument } from "#nodes/graph/parse";
import { db } from "#server/db";
import { isId } from "../../../_ui/is-id";
import { Unreadable } from "../../../_ui/unreadable";
import { RunChanges } from "./run-changes";

export const dynamic = "force-dynamic";
export const metadata = { title: "Changes since a run" };

/** What a run ran, beside its graph as it is today. */
export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  const run = isId(id) ? await db().run.findUnique({ where: { id }, include: { graph: true } }) : null;
  if (!run?.graph || run.graph.deletedAt) notFound();
  const { document: before, problems } = parseDocument(run.document);
  const { document: after, problems: others } = parseDocument(run.graph.document);
  if (!before || !after)
    return <Unreadable title="These graphs cannot be compared" problems={problems ?? others ?? []} />;
  return <RunChanges run={id} graph={run.graph.id} texts={[before, after].map((each) => JSON.stringify(each))} />;
}
