/** A thread that draws batches: cuts rows and runs the host nodes that make something new of them for every step. */
import { parentPort, workerData } from "node:worker_threads";
import type { Tensor } from "#nodes/core/values";
import { check } from "#nodes/graph/check";
import { endpointKey } from "#nodes/graph/resolve";
import { openBlobs } from "../../storage/blobs";
import { toPublic } from "../../errors";
import { createHost } from "../host/create-host";
import { openBatches } from "./batches";
import type { FromThread, ThreadData } from "./feeder";

const { document, given, reads, blobs, cacheDir, folders, ...spec } = workerData as ThreadData;
const values = new Map(given);
const wanted = new Set(reads);
const { signal } = new AbortController();
const send = (message: FromThread, transfer: ArrayBuffer[] = []) => parentPort?.postMessage(message, transfer);

const batches = await openBatches({
  ...spec,
  graph: check(document).graph,
  valueOf: async (from) => values.get(endpointKey(from)),
  hostFor: (nodeId, seed) =>
    createHost({
      blobs: openBlobs(blobs),
      cacheDir,
      signal,
      folders,
      nodeId,
      seed,
      onProgress: () => {},
      onWarn: () => {},
    }),
});
parentPort?.on("message", async (index: number) => {
  try {
    const { rows, values } = await batches.batch(index, wanted);
    const read = reads.map((name): [string, unknown] => [name, values.get(name)]);
    const own = read.flatMap(([, value]) =>
      (value as Tensor)?.data?.buffer instanceof ArrayBuffer ? [(value as Tensor).data.buffer as ArrayBuffer] : [],
    );
    send({ kind: "batch", index, rows, values: read }, [...new Set(own)]);
  } catch (error) {
    send({ kind: "failed", index, error: toPublic(error) });
  }
});
send({ kind: "ready" });
