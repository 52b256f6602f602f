import * as z from "zod";
import { actorOf } from "#server/access/actor";
import { db } from "#server/db";
import { notFound } from "#server/not-found";
import { packTemplate } from "#server/publish/pack";
import { blobs } from "#server/storage/open";
import { bundleAnswer } from "../../../bundle-answer";
import { refusalOf } from "../../../refusal";

export const dynamic = "force-dynamic";

/** A version of a template (`?version=2`) as a bundle. */
export async function GET(request: Request, { params }: { params: Promise<{ id: string }> }): Promise<Response> {
  try {
    const { data: id } = z.uuid().safeParse((await params).id);
    const { data: number } = z.coerce.number().int().min(1).safeParse(new URL(request.url).searchParams.get("version"));
    if (!id || !number) throw notFound("This template");
    const bundle = await packTemplate(db(), blobs(), await actorOf(request.headers), { id, number });
    return bundleAnswer(bundle, `${bundle.manifest.title} ${number}`);
  } catch (error) {
    return refusalOf(error, "bundle");
  }
}
