import { Readable } from "node:stream";
import type { ReadableStream as NodeStream } from "node:stream/web";
import { actorOf } from "#server/access/actor";
import { audit } from "#server/access/audit";
import { must } from "#server/access/may";
import { largestUpload } from "#server/access/quota";
import { madeBy } from "#server/access/working-team";
import { importBundle } from "#server/bundles/import";
import { bundleLimits } from "#server/bundles/manifest";
import { withSpooled } from "#server/bundles/spool";
import { db } from "#server/db";
import { maxUpload } from "#server/storage/blobs";
import { blobs } from "#server/storage/open";
import { refusalOf } from "../refusal";

export const dynamic = "force-dynamic";

/** The body is a bundle; the answer the graph that was made of it. */
export async function POST(request: Request): Promise<Response> {
  try {
    const actor = await actorOf(request.headers);
    await must(db(), actor, "change", { kind: "graph" });
    const body = request.body ? Readable.fromWeb(request.body as NodeStream) : Readable.from([]);
    const room = await largestUpload(db(), await madeBy(db(), actor));
    const most = Math.min(maxUpload, room + bundleLimits.inflatedBytes);
    const work = (path: string) => importBundle(db(), blobs(), actor, path);
    const imported = await withSpooled(body, blobs(), work, most);
    await audit(db(), actor, "bundles.import", { graph: imported.id });
    return Response.json(imported);
  } catch (error) {
    return refusalOf(error, "bundle");
  }
}
