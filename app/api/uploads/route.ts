import { unescape } from "node:querystring";
import { Readable } from "node:stream";
import type { ReadableStream as NodeStream } from "node:stream/web";
import { cleanText, cutFileName } from "#models/files/text";
import { actorOf } from "#server/access/actor";
import { audit } from "#server/access/audit";
import { recordFiles } from "#server/access/files";
import { largestUpload, NoRoom } from "#server/access/quota";
import { madeBy } from "#server/access/working-team";
import { db } from "#server/db";
import { BlobTooLarge, maxUpload } from "#server/storage/blobs";
import { blobs } from "#server/storage/open";
import { refusedFor } from "../allowed";
import { refusalOf } from "../refusal";

export const dynamic = "force-dynamic";

/** The body is the file; the answer its reference. Bytes go straight to the store and never through tRPC. */
export async function POST(request: Request): Promise<Response> {
  const actor = await actorOf(request.headers);
  const refused = await refusedFor(request, "run", { kind: "file" });
  if (refused) return refused;
  // Percent-encoded, since headers are not Unicode; without folders.
  const sent = unescape(request.headers.get("x-file-name") ?? "file");
  const name = cutFileName(cleanText(sent.replace(/[/\\\0]/g, "_")), 200);
  const tooLarge = () =>
    Response.json(
      { message: `“${name}”: ${new BlobTooLarge(maxUpload).message}`, hint: "Upload a smaller file." },
      { status: 413 },
    );
  if (!request.body || request.headers.get("content-length") === "0")
    return Response.json({ message: `“${name}” is empty.`, hint: "Choose another file." }, { status: 400 });
  if (Number(request.headers.get("content-length")) > maxUpload) return tooLarge();
  try {
    const owner = await madeBy(db(), actor);
    const most = await largestUpload(db(), owner);
    const { ref, bytes } = await blobs().putStream(Readable.fromWeb(request.body as NodeStream), most);
    await recordFiles(db(), owner, [{ ref, bytes, name }]);
    await audit(db(), actor, "uploads.add", { name, bytes, ref });
    return Response.json({ ref, name, bytes });
  } catch (error) {
    if (error instanceof BlobTooLarge && error.maxBytes === maxUpload) return tooLarge();
    if (error instanceof BlobTooLarge) return refusalOf(new NoRoom(error.maxBytes), "upload");
    if (error instanceof NoRoom) return refusalOf(error, "upload");
    const full = ["ENOSPC", "EDQUOT"].includes((error as NodeJS.ErrnoException).code ?? "");
    if (!full) console.error("upload:", error);
    return Response.json(
      {
        message: full
          ? "The server's disk is full, so the file could not be stored."
          : `“${name}” could not be stored.`,
        hint: full ? "Free some space in Patchbay's data folder." : "Try again.",
      },
      { status: full ? 507 : 500 },
    );
  }
}
