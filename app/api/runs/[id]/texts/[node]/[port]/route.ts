import { Readable } from "node:stream";
import * as z from "zod";
import { db } from "#server/db";
import { openTextFile, textFormats } from "#server/runs/text-file";
import { blobs } from "#server/storage/open";
import { refusedFor } from "../../../../../allowed";
import { attachment, noSuchFile } from "../../../../../attachment";

export const dynamic = "force-dynamic";

const wanted = z.object({ id: z.uuid(), node: z.string(), port: z.string(), format: z.enum(textFormats) });

/** Texts that a run gave, as one file: `?as=jsonl`, `csv` or `txt`. */
export async function GET(request: Request, { params }: { params: Promise<object> }): Promise<Response> {
  const format = new URL(request.url).searchParams.get("as") ?? "jsonl";
  const { data } = wanted.safeParse({ ...(await params), format });
  if (!data) return noSuchFile();
  const refused = await refusedFor(request, "see", { kind: "run", id: data.id });
  if (refused) return refused;
  const file = await openTextFile(db(), blobs(), { ...data, run: data.id });
  if (!file) return noSuchFile();
  return new Response(Readable.toWeb(file.stream) as ReadableStream, {
    headers: {
      "Content-Type": "text/plain; charset=utf-8",
      "X-Content-Type-Options": "nosniff",
      ...attachment(file.name),
    },
  });
}
