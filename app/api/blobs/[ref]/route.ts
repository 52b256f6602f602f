import { isRef } from "#server/storage/blobs";
import { blobs } from "#server/storage/open";
import { refusedFor } from "../../allowed";
import { noSuchFile } from "../../attachment";
import { blobAnswer } from "../../blob-answer";

export const dynamic = "force-dynamic";

export async function GET(request: Request, { params }: { params: Promise<{ ref: string }> }): Promise<Response> {
  const { ref } = await params;
  if (!isRef(ref)) return noSuchFile();
  const refused = await refusedFor(request, "see", { kind: "file", id: ref });
  if (refused) return refused;
  if (!(await blobs().has(ref))) return noSuchFile();
  const name = new URL(request.url).searchParams.get("name");
  return blobAnswer(ref, { name, cache: "private, max-age=31536000, immutable" });
}
