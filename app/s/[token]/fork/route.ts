import { actorOf } from "#server/access/actor";
import { audit } from "#server/access/audit";
import { may } from "#server/access/may";
import { recordFiles } from "#server/access/files";
import { madeBy } from "#server/access/working-team";
import { db } from "#server/db";
import { blobs } from "#server/storage/open";
import type { GraphDocument } from "#nodes/graph/document";
import { leavingWith } from "#nodes/graph/leaving";
import { refusalOf } from "../../../api/refusal";
import { openOrAnswer, shownBy } from "../../../_shared/visiting";
import { pathHere } from "../../../_ui/path-here";

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
  const owner = await madeBy(db(), actor);
  try {
    await recordFiles(db(), owner, await filesOf(document));
  } catch (error) {
    return refusalOf(error, "fork");
  }
  const { id } = await db().graph.create({ data: { ...owner, name, description, document }, select: { id: true } });
  await audit(db(), actor, "links.fork", { graph: id, link: link.id });
  return new Response(null, { status: 303, headers: { Location: pathHere(`/graphs/${id}`) } });
}

/** The files that the graph names: the link shows them, so that whoever forks it may have them. */
async function filesOf(document: GraphDocument): Promise<{ ref: string; name: string; bytes: number }[]> {
  const known = leavingWith(document).files;
  const there = await Promise.all(known.map(({ ref }) => blobs().has(ref)));
  const files = known.filter((_, i) => there[i]);
  return Promise.all(files.map(async ({ ref, name }) => ({ ref, name, bytes: await blobs().size(ref) })));
}
