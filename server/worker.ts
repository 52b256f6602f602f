/** The worker: takes runs from the queue, has them executed, writes down what they tell. */
import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import type { PublicError, RunEvent } from "#nodes/graph/events";
import { db } from "./db";
import { env } from "./env";
import { isAway, toPublic } from "./errors";
import { Computer, Crashed } from "./jobs/computer";
import { Diary } from "./jobs/diary";
import { LimitWatch } from "./jobs/limit-watch";
import { type Jobs, openWorking, prepareQueue } from "./jobs/queue";
import { cancelRuns } from "./runs/cancel";
import { appendEvents, type ClaimedRun, claimRun, Fenced, failRun, finishRun } from "./runs/claim";
import { releaseGone, releaseUnpinned } from "./runs/remove";
import { removeLeftovers } from "./storage/leftovers";
import { deliver } from "./webhooks/deliver";

/** How often the computing process may end without a word before the run counts as failed. */
const crashLimit = 3;

refuseBadSettings();
const log = pino({ name: "worker", level: process.env.LOG_LEVEL ?? "info" });
const computer = new Computer(log);
const crashes = new Map<string, number>();
const stop = new AbortController();

const working = await openWorking();
await working.work("run", handleJob);
await working.work("foresee", foreseeRun);
await working.work("webhook", ({ deliveryId }) => deliver(db(), deliveryId));
await prepareQueue(); // the ends of runs are told in the transactions that end them
void removeLeftovers(env().data);
void letGo();
// What was unpinned is looked for again while the worker goes on.
setInterval(() => void letGo(), 60 * 60 * 1000).unref();
log.info("worker ready");
process.send?.("ready");
process.on("SIGTERM", endWorker);
process.on("SIGINT", endWorker);
process.on("disconnect", endWorker);
process.on("unhandledRejection", (error) => log.error({ error }, "unhandled"));

/** Lets go of results that nobody shows any more: of runs that were removed, and unpinned ones. */
async function letGo(): Promise<void> {
  try {
    await releaseGone(db());
    await releaseUnpinned(db());
  } catch (error) {
    log.warn({ error }, "what removed runs and unpinned nodes held was not let go of");
  }
}

function refuseBadSettings(): void {
  try {
    env();
  } catch (error) {
    const { message, hint } = toPublic(error);
    console.error(`${message} ${hint}`);
    process.exit(98); // starting it again would not help
  }
}

async function endWorker(): Promise<void> {
  if (stop.signal.aborted) return;
  stop.abort(new Error("the worker stops"));
  computer.endIdle();
  await Promise.race([working.stop(), sleep(5000)]).catch(() => {});
  process.exit(0);
}

/** Tells what a run would compute. What that needs is loaded when it is asked for the first time. */
async function foreseeRun({ document, targets, teamId }: Jobs["foresee"]): Promise<object> {
  const { foresee } = await import("./runtime/foresee");
  return foresee(document, targets, teamId);
}

/** Does a job: claims its run, computes it, writes what it tells. Throws when the job is to go back to the queue. */
async function handleJob({ runId }: { runId: string }, lost: AbortSignal): Promise<void> {
  const run = await claimRun(db(), runId);
  if (!run) return;
  log.info({ run: run.id, attempt: run.attempt }, "run starts");
  const refused = new AbortController();
  const signal = AbortSignal.any([lost, refused.signal, stop.signal]);
  const write = (events: RunEvent[]) => persist(() => appendEvents(db(), run, events), signal);
  const diary = new Diary(write, (error) => refused.abort(error));
  const watch = new LimitWatch(run, () => void cancelRuns(db(), { id: run.id }).catch((error) => refused.abort(error)));
  try {
    const result = await computer.execute(run, signal, (event) => {
      watch.note(event);
      diary.note(event);
    });
    await diary.written();
    if (signal.aborted) throw signal.reason;
    const unwritten = diary.close();
    const ended = watch.explained(result);
    await persist(() => finishRun(db(), run, unwritten, ended), signal);
    log.info({ run: run.id, status: result.status }, "run ends");
  } catch (error) {
    if (error instanceof Crashed && !signal.aborted && countCrash(run, error) >= crashLimit) {
      await persist(() => failRun(db(), run, crashFailure(error)), signal);
      return;
    }
    const cause = refused.signal.aborted ? refused.signal.reason : error;
    const goesBack = cause instanceof Fenced || cause instanceof Crashed || isAway(cause);
    if (goesBack || lost.aborted || stop.signal.aborted) throw error;
    await persist(() => failRun(db(), run, toPublic(cause)), lost);
  } finally {
    watch.end();
    diary.close();
  }
}

/** Tries again while the database is away: what a run told is kept until it can be written. */
async function persist(write: () => Promise<void>, signal: AbortSignal): Promise<void> {
  for (let wait = 250; ; wait = Math.min(5000, wait * 2)) {
    try {
      return await write();
    } catch (error) {
      if (error instanceof Fenced || !isAway(error) || signal.aborted || stop.signal.aborted) throw error;
      log.warn({ error: (error as Error).message.split("\n").at(-1) }, "the database does not answer; trying again");
      await sleep(wait);
    }
  }
}

function countCrash(run: ClaimedRun, { how }: Crashed): number {
  const times = (crashes.get(run.id) ?? 0) + 1;
  crashes.set(run.id, times);
  log.error({ run: run.id, how, times }, "the computing process ended");
  return times;
}

function crashFailure({ how }: Crashed): PublicError {
  return {
    message: `The computing process ended ${crashLimit} times without a word (${how}), most likely for want of memory.`,
    hint: "Use a smaller batch, smaller pictures or a smaller model; a training goes on from its last checkpoint.",
    lack: "memory",
  };
}
