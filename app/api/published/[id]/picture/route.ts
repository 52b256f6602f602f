import { Readable } from "node:stream";
import * as z from "zod";
import { actorOf } from "#server/access/actor";
import { must } from "#server/access/may";
import { db } from "#server/db";
import { notFound } from "#server/not-found";
import { pictureOf } from "#server/publish/read";
import { pictureKind } from "#server/storage/picture-kind";
import { blobs } from "#server/storage/open";
import { noSuchFile } from "../../../attachment";
import { refusalOf } from "../../../refusal";

export const dynamic = "force-dynamic";

/** The picture of a version of a template (`?version=2`), for whoever may see the template. */
export async function GET(request: Request, { params }: { params: Promise<{ id: string }> }): Promise<Response> {
  try {
    const { data: id } = z.uuid().safeParse((await params).id);
    const { data: number } = z.coerce.number().int().min(1).safeParse(new URL(request.url).searchParams.get("version"));
    if (!id || !number) throw notFound("This template");
    await must(db(), await actorOf(request.headers), "see", { kind: "template", id });
    const ref = await pictureOf(db(), id, number);
    const kind = ref && (await blobs().has(ref)) && pictureKind(await blobs().read(ref, 0, 12));
    if (!ref || !kind) return noSuchFile();
    return new Response(Readable.toWeb(blobs().stream(ref)) as ReadableStream, {
      headers: { "Content-Type": kind, "Cache-Control": "private, max-age=86400", "X-Content-Type-Options": "nosniff" },
    });
  } catch (error) {
    return refusalOf(error, "picture");
  }
}
