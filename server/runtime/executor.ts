/**
 * The process that computes: one run at a time, told by its worker over IPC. It is apart from the worker because the
 * runtime computes on the calling thread and native code can take a process down; the worker keeps beating, and
 * notices.
 */
import { join } from "node:path";
import type { GraphDocument } from "#nodes/graph/document";
import type { PublicError, RunEvent } from "#nodes/graph/events";
import { env } from "../env";
import { Failure } from "../errors";
import { type HeldSecrets, hubOfTeam } from "../hub/held-secrets";
import { openBlobs, refsIn } from "../storage/blobs";
import { beginCacheUse } from "../storage/budget";
import { type ExecuteResult, execute } from "./execute";

interface RunOrder {
  kind: "run";
  id: string;
  /** Whose run it is. */
  team: string;
  document: GraphDocument;
  targets: string[];
}
/** What a secret of the run's team says, or why it cannot be told. */
export type ToldSecret = { kind: "secret"; name: string } & ({ text: string } | { problem: PublicError });
export type ToExecutor = RunOrder | ToldSecret | { kind: "cancel" };
export type FromExecutor =
  /** A node of the run uses a secret. */
  | { kind: "secret"; name: string }
  | { kind: "event"; event: RunEvent }
  | { kind: "cause"; message: string }
  | { kind: "result"; result: ExecuteResult };

const { data, folders, allowRemote } = env();
const blobs = openBlobs(join(data, "blobs"));
// a worker that died hears nothing
const send = (message: FromExecutor): void => void process.send?.(message, undefined, {}, () => {});
let controller: AbortController | undefined;
/** Who waits for which secret. */
const waiting = new Map<string, ((told: ToldSecret) => void)[]>();

process.on("message", async (message: ToExecutor) => {
  if (message.kind === "cancel") return controller?.abort();
  if (message.kind === "secret") return tellWaiting(message);
  controller = new AbortController();
  const endUse = await beginCacheUse(data);
  const result = await executeRun(message, controller.signal);
  send({ kind: "result", result });
  await endUse();
});

/** Computes a run. What it gave and what its events show stays as long as the run. */
async function executeRun({ id, team, document, targets }: RunOrder, signal: AbortSignal): Promise<ExecuteResult> {
  const refs = new Set<string>();
  const result = await execute({
    document,
    targets: targets.length ? targets : undefined,
    blobs,
    cacheDir: join(data, "cache"),
    scratch: join(data, "scratch"),
    signal,
    folders,
    allowRemote,
    secrets: secretsOf(team),
    onEvent(event) {
      for (const ref of refsIn(event)) refs.add(ref);
      send({ kind: "event", event });
    },
    onCause: (error) =>
      send({ kind: "cause", message: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  });
  for (const ref of refsIn(result.outputs)) refs.add(ref);
  await blobs.hold(id, refs);
  return result;
}

/** Secrets are not sent along with a run: the worker tells one when a node uses it. */
function secretsOf(team: string): HeldSecrets {
  return {
    hub: hubOfTeam(data, team),
    textOf: (name) =>
      new Promise((resolve, reject) => {
        const hear = (told: ToldSecret) => ("text" in told ? resolve(told.text) : reject(new Failure(told.problem)));
        waiting.set(name, [...(waiting.get(name) ?? []), hear]);
        send({ kind: "secret", name });
      }),
  };
}

function tellWaiting(told: ToldSecret): void {
  const hearing = waiting.get(told.name) ?? [];
  waiting.delete(told.name);
  for (const hear of hearing) hear(told);
}

// A worker that was killed leaves no executor behind.
process.on("disconnect", () => process.exit(0));
process.on("SIGINT", () => {}); // Ctrl-C reaches the whole group; the worker decides
