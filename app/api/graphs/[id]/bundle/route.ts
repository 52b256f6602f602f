import * as z from "zod";
import { withoutLeaving } from "#nodes/graph/leaving";
import { actorOf } from "#server/access/actor";
import { reachable, refsNamed } from "#server/access/files";
import { must } from "#server/access/may";
import { packBundle } from "#server/bundles/pack";
import { db } from "#server/db";
import { checked } from "#server/graphs/checked";
import { notFound } from "#server/not-found";
import { blobs } from "#server/storage/open";
import { bundleAnswer } from "../../../bundle-answer";
import { refusalOf } from "../../../refusal";

export const dynamic = "force-dynamic";

const words = z.string().transform((text) => text.split(",").filter(Boolean));
/** What stays here (`files` by reference), and whether pinned results go along. */
const question = z.object({
  leave: words.pipe(z.array(z.enum(["paths", "notes"]))).default([]),
  without: words.pipe(z.array(z.string().regex(/^[0-9a-f]{64}$/)).max(100)).default([]),
  pins: z.literal("1").optional(),
});

/** The graph as it is stored now, as a bundle. */
export async function GET(request: Request, { params }: { params: Promise<{ id: string }> }): Promise<Response> {
  try {
    const { data: id } = z.uuid().safeParse((await params).id);
    const { data: asked } = question.safeParse(Object.fromEntries(new URL(request.url).searchParams));
    if (!id || !asked) throw notFound("This graph");
    const actor = await actorOf(request.headers);
    await must(db(), actor, "share", { kind: "graph", id });
    const graph = await db().graph.findFirst({ where: { id, deletedAt: null } });
    if (!graph) throw notFound("This graph");
    const leave = { paths: asked.leave.includes("paths"), notes: asked.leave.includes("notes"), pins: !asked.pins };
    const document = withoutLeaving(checked(graph.document), leave);
    const about = { title: document.name || "Untitled", text: document.description, tags: [], licence: "" };
    // A file that the document only names, and that whoever asks may not read, is a missing one.
    const refs = refsNamed(document);
    const mine = await reachable(db(), actor, refs);
    const without = new Set([...asked.without, ...refs.filter((ref) => !mine.has(ref))]);
    const bundle = await packBundle({ document, about, without }, blobs());
    return bundleAnswer(bundle, about.title);
  } catch (error) {
    return refusalOf(error, "bundle");
  }
}
