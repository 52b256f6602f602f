import { setTimeout as sleep } from "node:timers/promises";
import { fromPrisma, type Job, PgBoss } from "pg-boss";
import type { GraphDocument } from "#nodes/graph/document";
import { databaseUrl, type Tx } from "../db";

/**
 * The queue on the same Postgres. It says who works on what; status, progress and results are in the Run row. Only this
 * folder knows pg-boss.
 */
export interface Jobs {
  run: { runId: string };
  /** What a run of this graph would compute. */
  foresee: { document: GraphDocument; targets: string[]; teamId: string };
  /** The end of a run is told to a webhook. */
  webhook: { deliveryId: string };
}
export type JobKind = keyof Jobs;

const queues: {
  [K in JobKind]: {
    heartbeatSeconds: number;
    retryLimit: number;
    retryDelay: number;
    expireInSeconds: number;
    retentionSeconds: number;
    /** Each retry waits twice as long as the one before it. */
    retryBackoff?: boolean;
  };
} = {
  // A worker that is silent for 15 s has died or hangs; its run goes back. A training may last days, every restart is a
  // retry, and the last of a large sweep may wait for months.
  run: {
    heartbeatSeconds: 15,
    retryLimit: 10_000,
    retryDelay: 1,
    expireInSeconds: 86_399,
    retentionSeconds: 180 * 86_400,
  },
  // Whoever asks waits for seconds, not longer.
  foresee: { heartbeatSeconds: 10, retryLimit: 0, retryDelay: 1, expireInSeconds: 30, retentionSeconds: 60 },
  // Nine attempts within some twenty minutes to an hour, while whoever is to be told comes back.
  webhook: {
    heartbeatSeconds: 15,
    retryLimit: 8,
    retryDelay: 5,
    retryBackoff: true,
    expireInSeconds: 60,
    retentionSeconds: 86_400,
  },
};

const kept = globalThis as { patchbayBoss?: Promise<PgBoss> };

async function start(works: boolean, url: string): Promise<PgBoss> {
  const boss = new PgBoss({
    connectionString: url,
    useListenNotify: works,
    supervise: works,
    superviseIntervalSeconds: 3,
    monitorIntervalSeconds: 3,
    schedule: false,
    max: works ? 4 : 2,
  });
  boss.on("error", (error) => console.error(`queue: ${error.message}`));
  await boss.start();
  for (const [name, options] of Object.entries(queues)) await boss.createQueue(name, { ...options, notify: true });
  return boss;
}

const sender = (): Promise<PgBoss> => {
  kept.patchbayBoss ??= start(false, databaseUrl()).catch((error) => {
    kept.patchbayBoss = undefined; // the next call tries again
    throw error;
  });
  return kept.patchbayBoss;
};

/**
 * Adds jobs within the caller's transaction: they exist when and only when the rows they concern do. Those of higher
 * priority (0 by default) are taken first. A job may have the id of what it concerns.
 */
export async function enqueue<K extends JobKind>(
  kind: K,
  jobs: readonly { id?: string; data: Jobs[K]; priority?: number }[],
  tx: Tx,
): Promise<void> {
  await (await sender()).insert(kind, [...jobs], { db: fromPrisma(tx as never) });
}

/** Gives jobs that wait other priorities, by id, within the caller's transaction. */
export async function setPriorities(kind: JobKind, priorities: ReadonlyMap<string, number>, tx: Tx): Promise<void> {
  const boss = await sender();
  for (const [id, priority] of priorities)
    await boss.update(kind, undefined, { id, priority, db: fromPrisma(tx as never) });
}

/** Waits until the queue's tables are there. */
export const prepareQueue = async (): Promise<void> => void (await sender());
export const closeQueue = async (): Promise<void> => {
  await (await kept.patchbayBoss)?.stop({ graceful: false });
  kept.patchbayBoss = undefined;
};

/**
 * Asks a worker something, and gives its answer; nothing where none answers in time. What was asked is forgotten
 * afterwards.
 */
export async function askWorker<K extends JobKind>(kind: K, data: Jobs[K], milliseconds: number): Promise<unknown> {
  const boss = await sender();
  const id = await boss.send(kind, data);
  if (!id) return undefined;
  const deadline = Date.now() + milliseconds;
  try {
    while (Date.now() < deadline) {
      const job = await boss.getJobById(kind, id);
      if (job?.state === "completed") return job.output;
      if (!job || job.state === "failed") return undefined;
      await sleep(40);
    }
    return undefined;
  } finally {
    await boss.deleteJob(kind, id).catch(() => {});
  }
}

export type Working = Awaited<ReturnType<typeof openWorking>>;

/** What a worker takes jobs with. */
export async function openWorking(url = databaseUrl()) {
  const boss = await start(true, url);
  return {
    /** Works on jobs of a kind, one at a time. One whose handler throws goes back; what that gives is the answer. */
    async work<K extends JobKind>(kind: K, handler: (payload: Jobs[K], signal: AbortSignal) => Promise<unknown>) {
      const worker = await boss.work<Jobs[K]>(
        kind,
        { batchSize: 1, pollingIntervalSeconds: 2, notifyPollingIntervalSeconds: 5, heartbeatRefreshSeconds: 4 },
        async ([job]: Job<Jobs[K]>[]) => {
          // look for the next at once, not at the next poll
          return job && (await handler(job.data, job.signal).finally(() => boss.notifyWorker(worker)));
        },
      );
    },
    stop: () => boss.stop({ graceful: true, timeout: 10_000 }),
  };
}
