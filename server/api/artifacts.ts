/** One output of a run as a file. */
import { Readable } from "node:stream";
import { cleanText, cutFileName } from "#models/files/text";
import type { Db } from "../db";
import { notFound } from "../not-found";
import { openTensorFile } from "../runs/tensor-file";
import { openTextFile } from "../runs/text-file";
import { blobs } from "../storage/open";
import type { StoredOutputs } from "../storage/stored-rows";
import { picturesOf } from "./outputs";
import { Refusal } from "./problem";

interface Which {
  run: string;
  node: string;
  port: string;
  index: number;
}

/** Its bytes, never as something that a browser would run. */
export async function openArtifact(db: Db, { run, node, port, index }: Which): Promise<Response> {
  const row = await db.run.findUnique({ where: { id: run }, select: { result: true } });
  if (!row) throw notFound("This run");
  const { outputs = {} } = (row.result ?? {}) as { outputs?: Record<string, StoredOutputs> };
  const ports = Object.hasOwn(outputs, node) ? outputs[node] : undefined;
  const output = ports && Object.hasOwn(ports, port) ? ports[port] : undefined;
  if (!output) throw notFound(`An output of that name of this run`);
  if (output.type === "tensor") return sent(await openTensorFile(db, blobs(), { run, node, port }));
  if (output.type === "text")
    return sent(await openTextFile(db, blobs(), { run, node, port, format: "jsonl" }), "application/jsonl");
  const file = output.type === "image" ? picturesOf(output.value)[index] : (output.value as { ref?: string });
  return sentBlob(file);
}

async function sentBlob(file: { ref?: string; name?: string } | undefined): Promise<Response> {
  const ref = file?.ref;
  if (!ref)
    throw new Refusal(404, {
      message: "This output is no file of the store.",
      hint: "Its value is among the run's outputs.",
    });
  if (!(await blobs().has(ref))) throw gone();
  const bytes = await blobs().size(ref);
  return sent({ name: file.name ?? `${ref.slice(0, 12)}.bin`, bytes, stream: blobs().stream(ref) });
}

function sent(
  file: { name: string; bytes?: number; stream: Readable } | undefined,
  type = "application/octet-stream",
): Response {
  if (!file) throw gone();
  const name = encodeURIComponent(cutFileName(cleanText(file.name), 200));
  return new Response(Readable.toWeb(file.stream) as ReadableStream, {
    headers: {
      "Content-Type": type,
      "Content-Disposition": `attachment; filename*=UTF-8''${name}`,
      "X-Content-Type-Options": "nosniff",
      ...(file.bytes === undefined ? {} : { "Content-Length": String(file.bytes) }),
    },
  });
}

const gone = (): Refusal =>
  new Refusal(410, {
    message: "The bytes of this output are not kept any more.",
    hint: "Run the graph again; what can be made again goes when the disk budget is used up.",
  });
