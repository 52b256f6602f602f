import { Readable } from "node:stream";
import * as z from "zod";
import { db } from "#server/db";
import { openTensorFile } from "#server/runs/tensor-file";
import { blobs } from "#server/storage/open";
import { refusedFor } from "../../../../../allowed";
import { attachment, noSuchFile } from "../../../../../attachment";

export const dynamic = "force-dynamic";

const wanted = z.object({ id: z.uuid(), node: z.string(), port: z.string() });

/** A tensor that a run gave, as one file. */
export async function GET(request: Request, { params }: { params: Promise<unknown> }): Promise<Response> {
  const { data } = wanted.safeParse(await params);
  if (!data) return noSuchFile();
  const refused = await refusedFor(request, "see", { kind: "run", id: data.id });
  if (refused) return refused;
  const file = await openTensorFile(db(), blobs(), { ...data, run: data.id });
  if (!file) return noSuchFile();
  return new Response(Readable.toWeb(file.stream) as ReadableStream, {
    headers: {
      "Content-Type": "application/octet-stream",
      "Content-Length": String(file.bytes),
      ...attachment(file.name),
    },
  });
}
