/**
 * The process that answers calls of served graphs. The web process hands the requests over that wait for their answer;
 * whoever does not know the secret, which lies in the data folder, is not heard.
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import { chmod, mkdir, rename, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { getRequestListener } from "@hono/node-server";
import { pino } from "pino";
import { withoutPins } from "#nodes/graph/edits";
import { heldSecrets } from "./access/secrets";
import { answerIncoming } from "./api/app";
import { answerCallsBy } from "./api/call-served";
import { db } from "./db";
import { env } from "./env";
import { checked } from "./graphs/checked";
import { notFound } from "./not-found";
import { CallLog } from "./serving/call-log";
import { type Call, type Ended, secretHeader, type ServingPlace, servingFile } from "./serving/calls";
import type { Serving } from "./serving/serve";
import { openBlobs } from "./storage/blobs";

const log = pino({ name: "serving", level: process.env.LOG_LEVEL ?? "info" });
const secret = randomBytes(32).toString("hex");
const calls = new CallLog(db(), (error) => log.warn({ error: (error as Error).message }, "calls wait to be written"));
let serving: Promise<Serving> | undefined;

answerCallsBy(answerCall);
const answerRequest = getRequestListener(answerIncoming);
const server = createServer(hear);
// The web process keeps its connections, and closes them itself; whoever sends slowly is its business too.
Object.assign(server, { keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 });
server.listen(0, "127.0.0.1", () => void tellPlace());
setInterval(() => void calls.forget(), 60 * 60 * 1000).unref();
for (const event of ["SIGTERM", "SIGINT", "disconnect"]) process.on(event, () => void end());
process.on("unhandledRejection", (error) => log.error({ error }, "unhandled"));

/** Says where it listens: in a file that only this user may read. */
async function tellPlace(): Promise<void> {
  const { port } = server.address() as { port: number };
  const { data } = env();
  await mkdir(data, { recursive: true });
  const path = join(data, servingFile);
  await writeFile(`${path}.new`, JSON.stringify({ port, secret } satisfies ServingPlace), { mode: 0o600 });
  await chmod(`${path}.new`, 0o600);
  await rename(`${path}.new`, path);
  log.info("serving ready");
  process.send?.("ready");
}

async function end(): Promise<void> {
  server.close();
  await calls.close();
  process.exit(0);
}

function hear(request: IncomingMessage, response: ServerResponse): void {
  if (isSecret(request.headers[secretHeader])) return void answerRequest(request, response);
  request.socket.destroy();
}

function isSecret(said: unknown): boolean {
  const [ours, theirs] = [secret, String(said)].map((text) => Buffer.from(text));
  return ours !== undefined && theirs?.length === ours.length && timingSafeEqual(ours, theirs);
}

async function answerCall(call: Call, gone: AbortSignal): Promise<Ended> {
  const ended = await (await openServing()).answer(call, gone);
  calls.note(call, ended);
  return ended;
}

/** The runtime is loaded with the first call: an installation that serves nothing need not hold it. */
function openServing(): Promise<Serving> {
  serving ??= import("./serving/serve").then(
    (module) => new module.Serving(documentOf, secretsOf, openBlobs(join(env().data, "blobs"))),
  );
  return serving;
}

async function documentOf(versionId: string) {
  const version = await db().graphVersion.findUnique({ where: { id: versionId }, select: { document: true } });
  if (!version) throw notFound("This version");
  return withoutPins(checked(version.document));
}

async function secretsOf(versionId: string) {
  const which = { where: { id: versionId }, select: { graph: { select: { teamId: true } } } } as const;
  const { graph } = await db().graphVersion.findUniqueOrThrow(which);
  return heldSecrets(db(), graph.teamId);
}
