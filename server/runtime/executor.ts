/**
 * The process that computes: one run at a time, told by its worker over IPC. It is apart from the worker because the
 * runtime computes on the calling thread and native code can take a process down; the worker keeps beating, and
 * notices.
 */
import { join } from "node:path";
import type { GraphDocument } from "#nodes/graph/document";
import type { RunEvent } from "#nodes/graph/events";
import { env } from "../env";
import { openBlobs } from "../storage/blobs";
import { type ExecuteResult, execute } from "./execute";

export type ToExecutor = { kind: "run"; document: GraphDocument; targets: string[] } | { kind: "cancel" };
export type FromExecutor =
  | { kind: "event"; event: RunEvent }
  | { kind: "cause"; message: string }
  | { kind: "result"; result: ExecuteResult };

const { data, folders, allowRemote } = env();
const blobs = openBlobs(join(data, "blobs"));
// a worker that died hears nothing
const send = (message: FromExecutor): void => void process.send?.(message, undefined, {}, () => {});
let controller: AbortController | undefined;

process.on("message", async (message: ToExecutor) => {
  if (message.kind === "cancel") return controller?.abort();
  controller = new AbortController();
  const result = await execute({
    document: message.document,
    targets: message.targets.length ? message.targets : undefined,
    blobs,
    cacheDir: join(data, "cache"),
    scratch: join(data, "scratch"),
    signal: controller.signal,
    folders,
    allowRemote,
    onEvent: (event) => send({ kind: "event", event }),
    onCause: (error) =>
      send({ kind: "cause", message: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  });
  send({ kind: "result", result });
});
// A worker that was killed leaves no executor behind.
process.on("disconnect", () => process.exit(0));
process.on("SIGINT", () => {}); // Ctrl-C reaches the whole group; the worker decides
