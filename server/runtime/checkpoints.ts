import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { readSafetensors, type TensorToWrite, toFloat32, writeSafetensors } from "#models/files/safetensors";
import { sha256 } from "../storage/blobs";
import { writeWhole } from "./cache";

const manifest = z.object({ file: z.string().regex(/^step-\d+\.safetensors$/), sha256: z.string(), step: z.int().min(1), history: z.record(z.string(), z.array(z.number().nullable())) });
export type History = Record<string, (number | null)[]>;

/** Where a training left off. */
export interface Checkpoint {
  step: number;
  /** Every tensor that goes round, by name. */
  state: Map<string, Float32Array>;
  history: History;
}

/**
 * Writes a checkpoint so that a kill at any moment leaves the old one or the new one: the tensors under a name of their own first, then
 * the manifest that names them, each written aside, synced and renamed; old tensors are removed last.
 */
export async function saveCheckpoint(dir: string, step: number, tensors: readonly TensorToWrite[], history: History): Promise<void> {
  const file = `step-${step}.safetensors`, bytes = writeSafetensors(tensors, { metadata: { step: String(step) } });
  await writeWhole(join(dir, file), bytes, { durable: true });
  await writeWhole(join(dir, "manifest.json"), JSON.stringify({ file, sha256: sha256(bytes), step, history }), { durable: true });
  for (const name of await readdir(dir)) if (name !== file && name !== "manifest.json") await rm(join(dir, name), { force: true });
}

/** The last checkpoint, or why there is none to use. */
export async function loadCheckpoint(dir: string): Promise<{ checkpoint?: Checkpoint; damage?: string }> {
  const text = await readFile(join(dir, "manifest.json"), "utf8").catch(() => undefined);
  if (text === undefined) return {};
  try {
    const { file, sha256: expected, step, history } = manifest.parse(JSON.parse(text)), bytes = await readFile(join(dir, file));
    if (sha256(bytes) !== expected) return { damage: `its file ${file} does not have the checksum that was written` };
    return { checkpoint: { step, history, state: new Map([...readSafetensors(bytes).tensors].map(([name, tensor]) => [name, toFloat32(tensor)])) } };
  } catch (error) {
    return { damage: (error as NodeJS.ErrnoException).code === "ENOENT" ? "its file is missing" : "it cannot be read" };
  }
}
