/**
 * The process that answers calls of served graphs. The web process hands them over on a local socket; whoever does not
 * know the secret, which lies in the data folder, is not heard.
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import { chmod, mkdir, rename, writeFile } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { pino } from "pino";
import { heldSecrets } from "./access/secrets";
import { db } from "./db";
import { env } from "./env";
import { checked } from "./graphs/checked";
import { notFound } from "./not-found";
import { CallLog } from "./serving/call-log";
import { type FromServing, type ServingPlace, servingFile, type ToServing } from "./serving/calls";
import { readFrames, sendFrame } from "./serving/frames";
import type { Serving } from "./serving/serve";
import { openBlobs } from "./storage/blobs";

const log = pino({ name: "serving", level: process.env.LOG_LEVEL ?? "info" });
const secret = randomBytes(32).toString("hex");
const calls = new CallLog(db(), (error) => log.warn({ error: (error as Error).message }, "calls wait to be written"));
let serving: Promise<Serving> | undefined;

const server = createServer(hear);
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
  return checked(version.document);
}

async function secretsOf(versionId: string) {
  const which = { where: { id: versionId }, select: { graph: { select: { teamId: true } } } } as const;
  const { graph } = await db().graphVersion.findUniqueOrThrow(which);
  return heldSecrets(db(), graph.teamId);
}

function hear(socket: Socket): void {
  let isKnown = false;
  const ids = new Map<number, string>();
  socket.setNoDelay(true);
  socket.on("error", () => socket.destroy());
  socket.on("close", () => {
    for (const id of ids.values()) void openServing().then((open) => open.leave(id));
  });
  readFrames(socket, ({ message, bytes }) => {
    const said = message as ToServing;
    if (said.kind === "hello") isKnown = isSecret(said.secret);
    if (!isKnown) socket.destroy();
    else if (said.kind === "call") {
      ids.set(said.number, said.id);
      void answer(socket, said, bytes).finally(() => ids.delete(said.number));
    } else if (said.kind === "gone") {
      const id = ids.get(said.number);
      if (id) void openServing().then((open) => open.leave(id));
    }
  });
}

function isSecret(said: unknown): boolean {
  const [ours, theirs] = [secret, String(said)].map((text) => Buffer.from(text));
  return ours !== undefined && theirs?.length === ours.length && timingSafeEqual(ours, theirs);
}

async function answer(socket: Socket, call: Extract<ToServing, { kind: "call" }>, bytes: Uint8Array): Promise<void> {
  const { Busy } = await import("./serving/batches");
  const tell = (message: FromServing, told?: string) => {
    if (!socket.destroyed) sendFrame(socket, message, told === undefined ? undefined : Buffer.from(told));
  };
  const { number } = call;
  try {
    const ended = await (await openServing()).answer(call, bytes);
    const { ms, rows } = ended;
    calls.note(call, ended);
    if ("error" in ended) tell({ kind: "failed", number, ms, error: ended.error });
    else tell({ kind: "done", number, ms, rows }, ended.outputs);
  } catch (error) {
    if (error instanceof Busy) return tell({ kind: "busy", number, seconds: error.seconds });
    log.error({ error }, "a call could not be answered");
    tell({ kind: "failed", number, ms: 0, error: { message: "The call could not be answered.", hint: "Try again." } });
  }
}
