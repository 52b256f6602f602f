import { may } from "#server/access/may";
import { db } from "#server/db";
import { isRef } from "#server/storage/blobs";
import { blobs } from "#server/storage/open";
import { openOrAnswer } from "../../../../_shared/visiting";
import { noSuchFile } from "../../../../api/attachment";
import { blobAnswer } from "../../../../api/blob-answer";

export const dynamic = "force-dynamic";

/** A file that a link shows; kept by browsers for a short time, since links are taken back. */
export async function GET(
  request: Request,
  { params }: { params: Promise<{ token: string; ref: string }> },
): Promise<Response> {
  const { token, ref } = await params;
  const link = await openOrAnswer(token);
  if (link instanceof Response) return link;
  const isShown = isRef(ref) && (await may(db(), link.visitor, "see", { kind: "file", id: ref }));
  if (!isShown || !(await blobs().has(ref))) return noSuchFile();
  const name = new URL(request.url).searchParams.get("name");
  return blobAnswer(ref, { name, cache: "private, max-age=300" });
}
