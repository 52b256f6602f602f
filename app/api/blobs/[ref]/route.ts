import { isRef } from "#server/storage/blobs";
import { blobs } from "#server/storage/open";
import { noSuchFile } from "../../attachment";
import { blobAnswer } from "../../blob-answer";

export const dynamic = "force-dynamic";

export async function GET(request: Request, { params }: { params: Promise<{ ref: string }> }): Promise<Response> {
  const { ref } = await params;
  if (!isRef(ref) || !(await blobs().has(ref))) return noSuchFile();
  const name = new URL(request.url).searchParams.get("name");
  return blobAnswer(ref, { name, cache: "public, max-age=31536000, immutable" });
}
