import { createHash } from "node:crypto";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { readSafetensors, safetensorsParts, type TensorToWrite, toFloat32 } from "#models/files/safetensors";
import { sha256 } from "../storage/blobs";
import { writeWhole } from "./cache";

const entry = z.object({
  file: z.string().regex(/^step-\d+\.safetensors$/),
  sha256: z.string(),
  step: z.int().min(1),
  best: z.boolean().default(false),
});
const manifest = z.object({ checkpoints: z.array(entry).max(1000) });
type Manifest = z.output<typeof manifest>;

/** Where a training left off. */
export interface Checkpoint {
  step: number;
  /** Every tensor that lasts, by name. */
  tensors: Map<string, Float32Array<ArrayBuffer>>;
  /** The curve, by line; NaN where a line has no point. */
  history: Map<string, Float64Array>;
}

export interface ToSave {
  step: number;
  tensors: readonly TensorToWrite[];
  history: ReadonlyMap<string, readonly number[]>;
  /** This one is better than all before. */
  best?: boolean;
}

const historyName = "history/";

/** The checkpoints of one training, in a folder of their own: the last few, and the best. */
export class Checkpoints {
  constructor(
    readonly dir: string,
    readonly keep = 1,
  ) {}

  /**
   * Writes a checkpoint so that a kill at any moment leaves the old ones or the new one too: the tensors under a name
   * of their own first, then the manifest that names them, each written aside, synced and renamed; files that no
   * manifest names are removed last.
   */
  async save({ step, tensors, history, best = false }: ToSave): Promise<void> {
    const lines = [...history].map(([name, values]) => ({
      name: `${historyName}${name}`,
      shape: [values.length],
      data: Float64Array.from(values),
    }));
    const file = `step-${step}.safetensors`;
    const parts = safetensorsParts([...tensors, ...lines], { metadata: { step: String(step) } });
    const hash = createHash("sha256");
    for (const part of parts) hash.update(part);
    await writeWhole(join(this.dir, file), parts, { durable: true });
    const before =
      (await this.#manifest())?.checkpoints
        .filter((c) => c.step !== step)
        .map((c) => (best ? { ...c, best: false } : c)) ?? [];
    const all = [...before, { file, sha256: hash.digest("hex"), step, best }].sort((a, b) => a.step - b.step);
    const last = new Set(all.slice(-this.keep));
    const kept = all.filter((c) => last.has(c) || c.best);
    await writeWhole(join(this.dir, "manifest.json"), JSON.stringify({ checkpoints: kept } satisfies Manifest), {
      durable: true,
    });
    const named = new Set(["manifest.json", ...kept.map((c) => c.file)]);
    for (const name of await readdir(this.dir)) if (!named.has(name)) await rm(join(this.dir, name), { force: true });
  }

  /** The last checkpoint that can be read, or the best; with the reasons against those that cannot. */
  async load({ best = false } = {}): Promise<{ checkpoint?: Checkpoint; damage: string[] }> {
    const known = await this.#manifest();
    const damage: string[] = [];
    if (known === undefined) return { damage };
    if (known === null) return { damage: ["its list of checkpoints cannot be read"] };
    for (const { file, sha256: expected } of known.checkpoints.filter((c) => !best || c.best).toReversed()) {
      const bytes = await readFile(join(this.dir, file)).catch(() => undefined);
      if (!bytes) damage.push(`the file ${file} is missing`);
      else if (sha256(bytes) !== expected) damage.push(`the file ${file} does not have the checksum that was written`);
      else return { checkpoint: opened(bytes), damage };
    }
    return { damage };
  }

  /** Undefined when there is none yet, null when it is damaged. */
  async #manifest(): Promise<Manifest | null | undefined> {
    const text = await readFile(join(this.dir, "manifest.json"), "utf8").catch(() => undefined);
    if (text === undefined) return undefined;
    try {
      return manifest.parse(JSON.parse(text));
    } catch {
      return null;
    }
  }
}

function opened(bytes: Uint8Array): Checkpoint {
  const { tensors, metadata } = readSafetensors(bytes);
  const result: Checkpoint = { step: Number(metadata.step), tensors: new Map(), history: new Map() };
  for (const [name, tensor] of tensors) {
    if (name.startsWith(historyName))
      result.history.set(name.slice(historyName.length), new Float64Array(tensor.data.slice().buffer));
    else result.tensors.set(name, toFloat32(tensor));
  }
  return result;
}
