import { Readable } from "node:stream";
import { npyHeader } from "#models/files/npy-header";
import type { Db } from "../db";
import type { Blobs } from "../storage/blobs";
import { storedTensor } from "../storage/stored-rows";
import type { RunResult } from "./read";

/** A file that is read while it is sent. */
export interface SentFile {
  name: string;
  bytes: number;
  stream: Readable;
}

/**
 * A tensor that a run gave, as a .npy file, whether it is stored in one piece or in chunks; nothing where it is not.
 */
export async function openTensorFile(
  db: Db,
  blobs: Blobs,
  { run, node, port }: { run: string; node: string; port: string },
): Promise<SentFile | undefined> {
  const found = await db.run.findUnique({ where: { id: run }, select: { result: true } });
  const { type, value } = (found?.result as unknown as RunResult | null)?.outputs[node]?.[port] ?? {};
  if (type !== "tensor") return undefined;
  const { dtype, shape, refs } = storedTensor(value);
  const sizes = await Promise.all(refs.map((ref) => blobs.size(ref).catch(() => undefined)));
  if (sizes.includes(undefined)) return undefined;
  const header = npyHeader(dtype, shape);
  const bytes = sizes.reduce<number>((sum, size) => sum + (size ?? 0), header.byteLength);
  return { name: `${node}.${port}.npy`, bytes, stream: Readable.from(partsOf(header, refs, blobs)) };
}

async function* partsOf(header: Uint8Array, refs: readonly string[], blobs: Blobs): AsyncGenerator<Uint8Array> {
  yield header;
  for (const ref of refs) yield* blobs.stream(ref);
}
