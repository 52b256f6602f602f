import { notFound } from "next/navigation";
import { parseDocument } from "#nodes/graph/parse";
import { may } from "#server/access/may";
import { db } from "#server/db";
import { visitorOf } from "../../../_access/visitor";
import { isId } from "../../../_ui/is-id";
import { Unreadable } from "../../../_ui/unreadable";
import { RunChanges } from "./run-changes";

export const dynamic = "force-dynamic";
export const metadata = { title: "Changes since a run" };

/** What a run ran, beside its graph as it is today. */
export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  if (!isId(id)) notFound();
  const actor = await visitorOf({ kind: "run", id });
  const run = await db().run.findUnique({ where: { id }, include: { graph: true } });
  if (!run?.graph || run.graph.deletedAt) notFound();
  if (!(await may(db(), actor, "see", { kind: "graph", id: run.graph.id }))) notFound();
  const { document: before, problems } = parseDocument(run.document);
  const { document: after, problems: others } = parseDocument(run.graph.document);
  if (!before || !after)
    return <Unreadable title="These graphs cannot be compared" problems={problems ?? others ?? []} />;
  return <RunChanges run={id} graph={run.graph.id} texts={[before, after].map((each) => JSON.stringify(each))} />;
}
