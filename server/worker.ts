/** The worker: takes runs from the queue, has them executed, writes down what they tell. */
import { type ChildProcess, fork } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { pino } from "pino";
import type { PublicError, RunEvent } from "#nodes/graph/events";
import { db } from "./db";
import { env } from "./env";
import { isAway, toPublic } from "./errors";
import { Listener } from "./jobs/notify";
import { work } from "./jobs/queue";
import { appendEvents, type ClaimedRun, claimRun, Fenced, failRun, finishRun } from "./runs/claim";
import type { ExecuteResult } from "./runtime/execute";
import { removeLeftovers } from "./storage/leftovers";
import type { FromExecutor, ToExecutor } from "./runtime/executor";

try {
  env();
} catch (error) {
  const { message, hint } = toPublic(error);
  console.error(`${message} ${hint}`);
  process.exit(98); // starting it again would not help
}
const log = pino({ name: "worker", level: process.env.LOG_LEVEL ?? "info" });
const flushEvery = 150;
const crashLimit = 3;
const crashes = new Map<string, number>();
const listener = new Listener();
let idle: ChildProcess | undefined;
let stopping = false;

/** An executor that waits for work; the last one is used again, with its models still loaded. */
function executor(): ChildProcess {
  const known = idle;
  idle = undefined;
  if (known?.connected) return known;
  return fork(fileURLToPath(new URL("./runtime/executor.ts", import.meta.url)), {
    execArgv: ["--import", "tsx"],
    serialization: "advanced",
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
}

class Crashed extends Error {
  constructor(readonly how: string) {
    super(`the computing process ended: ${how}`);
  }
}

/** Executes a run in a child process. The caller's signal ends the child at once; a cancellation lets it finish its step. */
async function execute(run: ClaimedRun, signal: AbortSignal, tell: (event: RunEvent) => void): Promise<ExecuteResult> {
  const child = executor();
  const kill = () => child.kill("SIGKILL");
  signal.addEventListener("abort", kill, { once: true });
  const checkCancel = async () => {
    const row = await db()
      .run.findUnique({ where: { id: run.id }, select: { cancelRequested: true } })
      .catch(() => undefined);
    if (row?.cancelRequested && child.connected) child.send({ kind: "cancel" } satisfies ToExecutor);
  };
  const stopListening = listener.on("run_cancel", (id) => void ((id === run.id || id === "") && checkCancel()));
  const poll = setInterval(checkCancel, 5000);
  try {
    return await new Promise<ExecuteResult>((resolve, reject) => {
      child.on("message", (message: FromExecutor) => {
        if (message.kind === "event") tell(message.event);
        if (message.kind === "cause") log.warn({ run: run.id, cause: message.message }, "run failed");
        if (message.kind === "result") resolve(message.result);
      });
      child.on("exit", (code, by) => reject(new Crashed(by ?? `exit status ${code}`)));
      child.on("error", reject);
      child.send({ kind: "run", document: run.document, targets: run.targets } satisfies ToExecutor);
    });
  } finally {
    stopListening();
    clearInterval(poll);
    signal.removeEventListener("abort", kill);
    child.removeAllListeners();
    if (child.connected && child.exitCode === null && !signal.aborted) idle = child;
  }
}

/** Tries again while the database is away: what a run told is kept until it can be written. */
async function persist(write: () => Promise<void>, signal: AbortSignal): Promise<void> {
  for (let wait = 250; ; wait = Math.min(5000, wait * 2)) {
    try {
      return await write();
    } catch (error) {
      if (error instanceof Fenced || !isAway(error) || signal.aborted || stopping) throw error;
      log.warn({ error: (error as Error).message.split("\n").at(-1) }, "the database does not answer; trying again");
      await sleep(wait);
    }
  }
}

async function handle({ runId }: { runId: string }, lost: AbortSignal): Promise<void> {
  const run = await claimRun(db(), runId);
  if (!run) return;
  log.info({ run: run.id, attempt: run.attempt }, "run starts");
  const own = new AbortController();
  const signal = AbortSignal.any([lost, own.signal, stop.signal]);
  let waiting: RunEvent[] = [];
  let writing = Promise.resolve();
  const flush = () => {
    const events = compact(waiting);
    waiting = [];
    if (events.length)
      writing = writing
        .then(() => persist(() => appendEvents(db(), run, events), signal))
        .catch((error) => own.abort(error));
  };
  const timer = setInterval(flush, flushEvery);
  try {
    const result = await execute(run, signal, (event) => waiting.push(event));
    clearInterval(timer);
    await writing;
    if (signal.aborted) throw signal.reason;
    const last = compact(waiting);
    await persist(() => finishRun(db(), run, last, result), signal);
    log.info({ run: run.id, status: result.status }, "run ends");
  } catch (error) {
    if (error instanceof Crashed && !signal.aborted) {
      const times = (crashes.get(run.id) ?? 0) + 1;
      crashes.set(run.id, times);
      log.error({ run: run.id, how: error.how, times }, "the computing process ended");
      if (times >= crashLimit) return await persist(() => failRun(db(), run, crashed(error)), signal);
    }
    const refused = own.signal.aborted ? own.signal.reason : error;
    if (!(refused instanceof Fenced || refused instanceof Crashed || isAway(refused) || lost.aborted || stopping))
      return await persist(() => failRun(db(), run, toPublic(refused)), lost);
    throw error; // the job goes back to the queue
  } finally {
    clearInterval(timer);
  }
}

const crashed = ({ how }: Crashed): PublicError => ({
  message: `The computing process ended ${crashLimit} times without a word (${how}), most likely for want of memory.`,
  hint: "Use a smaller batch, smaller pictures or a smaller model; a training goes on from its last checkpoint.",
});

/** Of progress that nobody could have seen, only the last; everything else stays. */
function compact(events: readonly RunEvent[]): RunEvent[] {
  const last = new Map<string, RunEvent>();
  for (const event of events) if (event.kind === "node-progress") last.set(event.node, event);
  return events.filter((event) => event.kind !== "node-progress" || last.get(event.node) === event);
}

const stop = new AbortController();
const working = await work("run", handle);
void removeLeftovers(env().data);
log.info("worker ready");
process.send?.("ready");

async function end(): Promise<void> {
  if (stopping) return;
  stopping = true;
  idle?.kill("SIGKILL");
  stop.abort(new Error("the worker stops"));
  await Promise.race([working.stop(), sleep(5000)]).catch(() => {});
  process.exit(0);
}
process.on("SIGTERM", end);
process.on("SIGINT", end);
process.on("disconnect", end);
process.on("unhandledRejection", (error) => log.error({ error }, "unhandled"));
