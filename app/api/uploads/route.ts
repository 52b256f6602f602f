import { Readable } from "node:stream";
import type { ReadableStream as NodeStream } from "node:stream/web";
import { BlobTooLarge, maxUpload } from "#server/storage/blobs";
import { blobs } from "#server/storage/open";

export const dynamic = "force-dynamic";

/** The body is the file; the answer its reference. Bytes go straight to the store and never through tRPC. */
export async function POST(request: Request): Promise<Response> {
  const site = request.headers.get("sec-fetch-site");
  if (site && site !== "same-origin" && site !== "none") return Response.json({ message: "Uploads come from Patchbay's own pages." }, { status: 403 });
  const name = decodeURIComponent(request.headers.get("x-file-name") ?? "file").replace(/[/\\\0]/g, "_").slice(0, 200);
  if (!request.body) return Response.json({ message: `“${name}” is empty.`, hint: "Choose another file." }, { status: 400 });
  try {
    const { ref, bytes } = await blobs().putStream(Readable.fromWeb(request.body as NodeStream), maxUpload);
    return Response.json({ ref, name, bytes });
  } catch (error) {
    if (error instanceof BlobTooLarge) return Response.json({ message: `“${name}”: ${error.message}`, hint: "Upload a smaller file." }, { status: 413 });
    const full = ["ENOSPC", "EDQUOT"].includes((error as NodeJS.ErrnoException).code ?? "");
    if (!full) console.error("upload:", error);
    return Response.json({ message: full ? "The server's disk is full, so the file could not be stored." : `“${name}” could not be stored.`, hint: full ? "Free some space in Patchbay's data folder." : "Try again." }, { status: full ? 507 : 500 });
  }
}
