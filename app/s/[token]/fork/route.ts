import { actorOf } from "#server/access/actor";
import { may } from "#server/access/may";
import { db } from "#server/db";
import { openOrAnswer, shownBy } from "../../../_shared/visiting";

export const dynamic = "force-dynamic";

/** A graph of the visitor's own, made from what a link shows; for those who may make graphs here. */
export async function POST(request: Request, { params }: { params: Promise<{ token: string }> }): Promise<Response> {
  const link = await openOrAnswer((await params).token);
  if (link instanceof Response) return link;
  const actor = await actorOf(request.headers);
  if (!(await may(db(), actor, "change", { kind: "graph" })))
    return Response.json({ message: "Sign in to make this graph your own." }, { status: 403 });
  const document = (await shownBy(link, false))?.document;
  if (!document) return Response.json({ message: "This link shows no graph." }, { status: 404 });
  const { name, description } = document;
  const { id } = await db().graph.create({ data: { name, description, document }, select: { id: true } });
  return new Response(null, { status: 303, headers: { Location: `/graphs/${id}` } });
}
