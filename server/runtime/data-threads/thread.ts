/** A thread that runs host nodes on rows: of several graphs, one task beside the other. */
import { parentPort } from "node:worker_threads";
import { check } from "#nodes/graph/check";
import { drawnAs, type ResolvedGraph } from "#nodes/graph/resolve";
import { type Blobs, openBlobs } from "../../storage/blobs";
import { createHost } from "../host/create-host";
import { type FromThread, handedOver, type OpenedGraph, sentError, type ToThread } from "./messages";
import { doTask, type Seed, type Task, TaskError } from "./task";

interface Open {
  graph: ResolvedGraph;
  whole: ReadonlyMap<string, unknown>;
  blobs: Blobs;
  opened: OpenedGraph;
  controller: AbortController;
}

const graphs = new Map<number, Open>();
const send = (message: FromThread, memory: ArrayBuffer[] = []) => parentPort?.postMessage(message, memory);

parentPort?.on("message", (message: ToThread) => {
  if (message.kind === "open") openGraph(message.graph, message.opened);
  if (message.kind === "task") void runTask(graphs.get(message.graph) as Open, message.id, message.task);
  if (message.kind === "close") closeGraph(message.graph);
});
send({ kind: "ready" });

function openGraph(number: number, opened: OpenedGraph): void {
  graphs.set(number, {
    graph: check(opened.document).graph,
    whole: new Map(opened.whole),
    blobs: openBlobs(opened.blobs),
    opened,
    controller: new AbortController(),
  });
}

/** Tasks that are under way stop: nobody waits for them. */
function closeGraph(number: number): void {
  graphs.get(number)?.controller.abort();
  graphs.delete(number);
}

async function runTask(open: Open, id: number, task: Task): Promise<void> {
  try {
    const { graph, whole, blobs } = open;
    const { values, ms } = await doTask(task, graph, whole, blobs, (node, seed) => hostOf(open, id, node, seed));
    const { value, memory } = handedOver(values);
    send({ kind: "done", id, values: value, ms }, memory);
  } catch (error) {
    const { node, cause } = error instanceof TaskError ? error : { node: undefined, cause: error };
    send({ kind: "failed", id, node, error: sentError(cause) });
  }
}

function hostOf({ graph, opened, blobs, controller }: Open, id: number, node: string, seed: Seed) {
  const { cacheDir, folders, allowRemote } = opened;
  return createHost({
    blobs,
    cacheDir,
    folders,
    allowRemote,
    signal: controller.signal,
    nodeId: drawnAs(graph, node),
    seed,
    onProgress: (done, of, note) => send({ kind: "progress", id, node, done, of, note }),
    onWarn: (message) => send({ kind: "warning", id, node, message }),
  });
}
