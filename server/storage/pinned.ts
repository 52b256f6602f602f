/** Pinned results in the blob store: one blob says what a node gave, and names those with its values. */
import * as z from "zod";
import type { Preview } from "#nodes/core/preview";
import type { GraphDocument, GraphNode, Pin } from "#nodes/graph/document";
import { mostPinned, paramsAtPinning } from "#nodes/graph/pin";
import type { PortType } from "#nodes/core/values";
import { Failure } from "../errors";
import { type Blobs, refsIn } from "./blobs";
import {
  hasRows,
  isStoredRows,
  type StoredOutputs,
  storedItemCount,
  storedRowCount,
  storedTensor,
} from "./stored-rows";

/** What a node gave, as the cache keeps it too. */
export interface PinnedEntry {
  type: string;
  outputs: Record<string, unknown>;
  previews: Record<string, Preview>;
}

const entrySchema = z.object({
  type: z.string(),
  outputs: z.record(z.string(), z.json()),
  previews: z.record(z.string(), z.json()),
});

const prefix = "pin-";
/** Who holds the values of a pinned result. */
export const pinHolder = (ref: string): string => `${prefix}${ref}`;
/** The pinned result that a holder stands for, by its blob. */
export const pinOfHolder = (holder: string): string | undefined =>
  holder.startsWith(prefix) ? holder.slice(prefix.length) : undefined;

interface Given {
  outputs: StoredOutputs;
  previews: Readonly<Record<string, Preview>>;
}

/** Keeps what a node gave, and says so as a pin. Refused where it has more bytes than a pin may have, or nothing. */
export async function pinResult(
  { outputs, previews }: Given,
  node: GraphNode,
  document: GraphDocument,
  blobs: Blobs,
): Promise<Pin> {
  const values = Object.fromEntries(Object.entries(outputs).map(([port, { value }]) => [port, value]));
  if (!Object.keys(values).length)
    throw new Failure({
      message: "There is no result to pin: the run that is shown kept nothing of this node.",
      hint: "Run the graph up to this node, and pin then.",
    });
  const entry: PinnedEntry = { type: node.type, outputs: values, previews: { ...previews } };
  const refs = refsIn(entry);
  const text = new TextEncoder().encode(JSON.stringify(entry));
  const sizes = await Promise.all(refs.map((each) => blobs.size(each)));
  const bytes = sizes.reduce((sum, size) => sum + size, text.byteLength);
  if (bytes > mostPinned)
    throw new Failure({
      message: `The result has ${mebibytes(bytes)}; a pinned one may have ${mebibytes(mostPinned)}.`,
      hint: "Pin a node behind it that gives less, or limit its rows. The cache keeps the result anyway.",
    });
  const ref = await blobs.put(text);
  await blobs.hold(pinHolder(ref), refs);
  const known = Object.entries(outputs).map(([port, { type, value }]) => [port, describe(type, value)]);
  const params = paramsAtPinning(node, document);
  return { at: new Date().toISOString(), ref, bytes, params, outputs: Object.fromEntries(known) };
}

/**
 * What a pin names, as the cache would have it; refused where the store does not have it all, or it is something else.
 */
export async function pinnedEntry(pin: Pin, id: string, title: string, blobs: Blobs): Promise<PinnedEntry> {
  const read = (await blobs.has(pin.ref)) ? new TextDecoder().decode(await blobs.get(pin.ref)) : "null";
  const { data } = entrySchema.safeParse(jsonOrNothing(read));
  const areThere = data && (await Promise.all(refsIn(data).map((ref) => blobs.use(ref)))).every(Boolean);
  const isWhole = Object.keys(pin.outputs).every((port) => data && Object.hasOwn(data.outputs, port));
  if (!data || !areThere || !isWhole)
    throw new Failure({
      message: `The pinned result of ${title} is not in this installation's store.`,
      hint: "Unpin the node and run it. A graph that was exported takes no results along.",
      node: id,
    });
  return data as unknown as PinnedEntry;
}

function describe(type: PortType, stored: unknown): Pin["outputs"][string] {
  if (!hasRows(type)) return { type };
  const rows = storedRowCount(type, stored);
  const items = storedItemCount(stored);
  const packed = items === undefined ? {} : { rows };
  const count = items ?? rows;
  if (type === "text") return { type, shape: [count], ...packed };
  if (type === "tensor") {
    const { dtype, shape } = storedTensor(stored);
    return { type, dtype, shape: [count, ...shape.slice(1)], ...packed };
  }
  return { type, shape: [count, ...pictureSizes(stored)], ...packed };
}

/** Height and width, where all pictures have the same. */
function pictureSizes(stored: unknown): (number | "*")[] {
  const first = isStoredRows(stored) ? stored.chunks[0]?.value : stored;
  const { pixels } = (first ?? {}) as { pixels?: { shape: number[] } };
  return pixels ? pixels.shape.slice(1, 3) : ["*", "*"];
}

function jsonOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const mebibytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20).toLocaleString("en")} MiB`;
