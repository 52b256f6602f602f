import type { Preview } from "#nodes/core/preview";
import { compositeOf } from "#nodes/graph/composites";
import type { GraphDocument, GraphNode, Pin } from "#nodes/graph/document";
import { flattened } from "#nodes/graph/flatten";
import { recordFiles } from "../access/files";
import type { Db } from "../db";
import { Failure } from "../errors";
import type { Blobs } from "../storage/blobs";
import { pinResult } from "../storage/pinned";
import type { StoredOutputs } from "../storage/stored-rows";
import { lastEventOf } from "./events";
import { readRun } from "./read";

/**
 * Keeps what a node gave in a run, and says how the document names that. `node` is the way to it: "encoder",
 * "tower/encoder", or an instance, which gives what its outputs are made of. Nothing where there is no such run.
 */
export async function pinFromRun(db: Db, blobs: Blobs, runId: string, node: string): Promise<Pin | undefined> {
  const run = await readRun(db, runId);
  if (!run) return undefined;
  const { document, instances } = flattened(run.document);
  const instance = instances.get(node);
  const written = instance ? nodeAt(run.document, node) : document.nodes[node];
  if (!written) throw new Failure({ message: `The run has no node “${node}”.`, hint: "Run the graph as it is now." });
  const outputs: StoredOutputs = {};
  const previews: Record<string, Preview> = {};
  const made = instance
    ? Object.entries(instance.outputs).flatMap(([port, [from]]) => (from ? [{ port, from }] : []))
    : Object.keys(run.result?.outputs[node] ?? {}).map((port) => ({ port, from: { node, port } }));
  for (const { port, from } of made) {
    const value = run.result?.outputs[from.node]?.[from.port] as StoredOutputs[string] | undefined;
    if (value) outputs[port] = value;
    const preview = (await lastEventOf(db, runId, "node-done", from.node))?.previews[from.port];
    if (preview) previews[port] = preview;
  }
  const pin = await pinResult({ outputs, previews }, written, run.document, blobs);
  const { teamId, userId } = await db.run.findUniqueOrThrow({
    where: { id: runId },
    select: { teamId: true, userId: true },
  });
  await recordFiles(db, { teamId, userId }, [{ ref: pin.ref, bytes: pin.bytes, name: "pinned result" }]);
  return pin;
}

/** A node of the document by the way to it, through instances. */
function nodeAt(document: GraphDocument, path: string): GraphNode | undefined {
  let level: GraphDocument["nodes"] | undefined = document.nodes;
  let found: GraphNode | undefined;
  for (const id of path.split("/")) {
    found = level && Object.hasOwn(level, id) ? level[id] : undefined;
    level = compositeOf(document, found)?.nodes;
  }
  return found;
}
