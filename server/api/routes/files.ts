/** Files that are sent ahead of the requests that name them. */
import { unescape } from "node:querystring";
import * as z from "zod";
import { recordFiles } from "../../access/files";
import { largestUpload, NoRoom } from "../../access/quota";
import { madeBy } from "../../access/working-team";
import { BlobTooLarge, maxUpload } from "../../storage/blobs";
import { blobs } from "../../storage/open";
import { answers, jsonOf } from "../answers";
import { nameOf, type Unread } from "../body";
import { Refusal } from "../problem";
import { defineRoute } from "../route";
import { storedFileSchema } from "../schemas";

export const fileRoutes = [
  defineRoute({
    method: "post",
    path: "/files",
    query: z.object({ name: z.string().max(300).optional().meta({ description: "What the file is called." }) }),
    operation: {
      operationId: "sendFile",
      summary: "Keeps a file for parameters to name",
      description: "The body is the file. Its `ref` and `name` are what a parameter that takes files holds.",
      tags: ["Files"],
      requestBody: {
        content: { "application/octet-stream": { schema: z.string().meta({ override: { format: "binary" } }) } },
      },
      responses: answers({ 201: jsonOf(storedFileSchema, "It is kept") }),
    },
    async handle({ db, actor, request, body, query, allow }) {
      await allow("run", { kind: "file" });
      const owner = await madeBy(db, actor);
      const { ref, bytes } = await keptBody({ request, body }, await largestUpload(db, owner));
      const file = { ref, bytes, name: nameOf(unescape(query.name ?? "file")) };
      await recordFiles(db, owner, [file]);
      return Response.json(file, { status: 201 });
    },
  }),
];

async function keptBody({ request, body }: Unread, most: number): Promise<{ ref: string; bytes: number }> {
  const declared = Number(request.headers.get("content-length") ?? Number.NaN);
  if (declared > most) throw tooLarge(most);
  if (declared === 0) throw empty();
  const kept = await blobs()
    .putStream(body(), most)
    .catch((error) => {
      throw error instanceof BlobTooLarge ? tooLarge(most) : error;
    });
  if (!kept.bytes) throw empty();
  return kept;
}

const tooLarge = (most: number): Error =>
  most < maxUpload
    ? new NoRoom(most)
    : new Refusal(413, { message: new BlobTooLarge(maxUpload).message, hint: "Send a smaller file." });

const empty = (): Refusal => new Refusal(400, { message: "The file is empty.", hint: "Send another file." });
