import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Logger } from "pino";
import type { RunEvent } from "#nodes/graph/events";
import { secretNamed } from "../access/secrets";
import { db } from "../db";
import { toPublic } from "../errors";
import { type ClaimedRun, nothingDone } from "../runs/claim";
import type { ExecuteResult } from "../runtime/execute";
import { computingProcess, programRunner } from "../runtime/computing-process";
import type { FromExecutor, ToExecutor } from "../runtime/executor";
import { MemoryWatch } from "./memory-watch";
import { Listener } from "./notify";

/** The computing process ended without a result. */
export class Crashed extends Error {
  constructor(readonly how: string) {
    super(`the computing process ended: ${how}`);
  }
}

/** Milliseconds that a process has from the cancellation to its last step's end. */
const stopsWithin = 1500;
/** Milliseconds that a training has to keep its checkpoints, once it has stopped. */
const keepsWithin = 120_000;

interface Cancelling {
  isOverdue(): boolean;
  /** It has stopped, and keeps what it has. */
  bePatient(): void;
  end(): void;
}

/**
 * Has runs executed in a process of their own, one at a time; the last process is used again, with its models still
 * loaded.
 */
export class Computer {
  readonly #listener = new Listener();
  #idle: ChildProcess | undefined;

  constructor(readonly log: Logger) {}

  /**
   * Executes a run. The caller's signal ends the process at once; a cancellation lets it finish its step, but not for
   * long: a process that has not stopped in time is ended, and the result says so. Throws `Crashed`.
   */
  async execute(run: ClaimedRun, signal: AbortSignal, tell: (event: RunEvent) => void): Promise<ExecuteResult> {
    const child = this.#takeIdle() ?? startExecutor();
    const kill = () => child.kill("SIGKILL");
    signal.addEventListener("abort", kill, { once: true });
    const cancelling = this.#passOnCancellation(run, child);
    const done = new DoneSoFar();
    const memory = new MemoryWatch(child.pid ?? 0, tell);
    try {
      return await this.#result(run, child, (event) => {
        done.note(event);
        memory.note(event);
        if (event.kind === "stopping") cancelling.bePatient();
        tell(event);
      });
    } catch (error) {
      if (error instanceof Crashed && cancelling.isOverdue()) return done.stopped();
      throw error;
    } finally {
      cancelling.end();
      memory.end();
      signal.removeEventListener("abort", kill);
      child.removeAllListeners();
      if (child.connected && child.exitCode === null && !signal.aborted) this.#idle = child;
    }
  }

  /** Ends the process that waits for work. */
  endIdle(): void {
    this.#idle?.kill("SIGKILL");
  }

  #takeIdle(): ChildProcess | undefined {
    const known = this.#idle;
    this.#idle = undefined;
    return known?.connected ? known : undefined;
  }

  /** Tells the process when the run is to be cancelled, and ends it where it does not stop in time. */
  #passOnCancellation(run: ClaimedRun, child: ChildProcess): Cancelling {
    let patience: NodeJS.Timeout | undefined;
    let isOverdue = false;
    function end(): void {
      isOverdue = true;
      child.kill("SIGKILL");
    }
    function cancel(): void {
      if (child.connected) child.send({ kind: "cancel" } satisfies ToExecutor);
      patience ??= setTimeout(end, stopsWithin);
    }
    const ask = async () => {
      const row = await db()
        .run.findUnique({ where: { id: run.id }, select: { cancelRequested: true } })
        .catch(() => undefined);
      if (row?.cancelRequested) cancel();
    };
    const stopListening = this.#listener.on("run_cancel", (id) => {
      if (id === run.id || id === "") void ask();
    });
    const poll = setInterval(ask, 5000);
    return {
      isOverdue: () => isOverdue,
      bePatient() {
        clearTimeout(patience);
        patience = setTimeout(end, keepsWithin);
      },
      end() {
        stopListening();
        clearInterval(poll);
        clearTimeout(patience);
      },
    };
  }

  #result(run: ClaimedRun, child: ChildProcess, tell: (event: RunEvent) => void): Promise<ExecuteResult> {
    return new Promise((resolve, reject) => {
      child.on("message", (message: FromExecutor) => {
        if (message.kind === "event") tell(message.event);
        if (message.kind === "secret") void tellSecret(run, message.name, child);
        if (message.kind === "cause") this.log.warn({ run: run.id, cause: message.message }, "run failed");
        if (message.kind === "result") resolve(message.result);
      });
      child.on("exit", (code, by) => reject(new Crashed(by ?? `exit status ${code}`)));
      child.on("error", reject);
      const { id, teamId: team, document, targets } = run;
      child.send({ kind: "run", id, team, document, targets } satisfies ToExecutor);
    });
  }
}

/** Tells a process that computes for a team what a secret of that team says. */
async function tellSecret({ teamId }: ClaimedRun, name: string, child: ChildProcess): Promise<void> {
  const told = await secretNamed(db(), teamId, name).then(
    (text) => ({ text }),
    (error) => ({ problem: toPublic(error) }),
  );
  if (child.connected) child.send({ kind: "secret", name, ...told } satisfies ToExecutor);
}

function startExecutor(): ChildProcess {
  return fork(programRunner, [fileURLToPath(new URL("../runtime/executor.ts", import.meta.url))], {
    execArgv: computingProcess.execArgv,
    env: { ...process.env, ...computingProcess.env },
    serialization: "advanced",
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
}

/** What a run that is ended in the middle of a step had done, as it told. */
class DoneSoFar {
  readonly #result: ExecuteResult = {
    ...nothingDone(),
    status: "cancelled",
  };

  note(event: RunEvent): void {
    if (event.kind !== "node-done") return;
    this.#result[event.cached ? "cached" : "ran"].push(event.node);
    if (!event.cached) this.#result.timings[event.node] = event.ms;
  }

  stopped(): ExecuteResult {
    return { ...this.#result, error: endedMidway };
  }
}

const endedMidway = {
  message: "The run did not stop by itself in time, so its process was ended in the middle of a step.",
  hint: "What finished nodes gave is kept, and a training's checkpoints are: run again to go on from there.",
};
