import { notFound } from "next/navigation";
import { db } from "#server/db";
import { visitorOf } from "../../../_access/visitor";
import { isId } from "../../../_ui/is-id";
import { PeoplePage } from "./people-page";

export const dynamic = "force-dynamic";
export const metadata = { title: "Who may see it" };

export default async function Page({ params }: { params: Promise<{ id: string }> }) {
  const { id } = await params;
  if (!isId(id)) notFound();
  await visitorOf({ kind: "graph", id }, "share");
  const graph = await db().graph.findUnique({ where: { id }, select: { name: true, team: true } });
  if (!graph) notFound();
  const { name, team } = graph;
  return <PeoplePage id={id} name={name} team={{ id: team.id, name: team.name }} />;
}
