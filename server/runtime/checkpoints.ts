import { createHash, type Hash } from "node:crypto";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { openSafetensors, safetensorsParts, type TensorToWrite, toFloat32 } from "#models/files/safetensors";
import { type FileSource, openSource } from "../storage/file-source";
import { writeWhole } from "./cache";

const storedFile = z.object({ file: z.string().regex(/^step-\d+(-\d+-of-\d+)?\.safetensors$/), sha256: z.string() });
const step = { step: z.int().min(1), best: z.boolean().default(false) };
const entry = z.object({ files: z.array(storedFile).min(1), ...step });
/** As it was before a checkpoint could lie in several files. */
const singleFile = storedFile
  .extend(step)
  .transform(({ file, sha256, ...rest }) => ({ files: [{ file, sha256 }], ...rest }));
const manifest = z.object({ checkpoints: z.array(z.union([entry, singleFile])).max(1000) });
type Manifest = z.output<typeof manifest>;
type StoredFile = z.output<typeof storedFile>;

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

/**
 * The checkpoints of one training, in a folder of their own: the last few, and the best. Each is one .safetensors file,
 * or several of at most `shardBytes`, unless a tensor alone is larger.
 */
export class Checkpoints {
  constructor(
    readonly dir: string,
    readonly keep = 1,
    readonly shardBytes = 2 ** 31,
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
    const files = await this.#write(step, [...tensors, ...lines]);
    const before =
      (await this.#manifest())?.checkpoints
        .filter((c) => c.step !== step)
        .map((c) => (best ? { ...c, best: false } : c)) ?? [];
    const all = [...before, { files, step, best }].sort((a, b) => a.step - b.step);
    const last = new Set(all.slice(-this.keep));
    const kept = all.filter((c) => last.has(c) || c.best);
    await writeWhole(join(this.dir, "manifest.json"), JSON.stringify({ checkpoints: kept } satisfies Manifest), {
      durable: true,
    });
    const named = new Set(["manifest.json", ...kept.flatMap((c) => c.files.map(({ file }) => file))]);
    for (const name of await readdir(this.dir)) if (!named.has(name)) await rm(join(this.dir, name), { force: true });
  }

  /** Writes tensors into files of their own; none of them is left where one cannot be written. */
  async #write(step: number, tensors: readonly TensorToWrite[]): Promise<StoredFile[]> {
    const metadata = { step: String(step) };
    const files: StoredFile[] = [];
    try {
      for (const { name, shard } of namedShards(step, tensors, this.shardBytes)) {
        const hash = createHash("sha256");
        const parts = hashed(safetensorsParts(shard, { metadata }), hash);
        await writeWhole(join(this.dir, name), parts, { durable: true });
        files.push({ file: name, sha256: hash.digest("hex") });
      }
    } catch (error) {
      for (const { file } of files) await rm(join(this.dir, file), { force: true });
      throw error;
    }
    return files;
  }

  /** The last checkpoint that can be read, or the best; with the reasons against those that cannot. */
  async load({ best = false } = {}): Promise<{ checkpoint?: Checkpoint; damage: string[] }> {
    const known = await this.#manifest();
    const damage: string[] = [];
    if (known === undefined) return { damage };
    if (known === null) return { damage: ["its list of checkpoints cannot be read"] };
    for (const { files, step } of known.checkpoints.filter((c) => !best || c.best).toReversed()) {
      const checkpoint: Checkpoint = { step, tensors: new Map(), history: new Map() };
      let wrong: string | undefined;
      for (const file of files) wrong ??= await this.#readInto(checkpoint, file);
      if (wrong === undefined) return { checkpoint, damage };
      damage.push(wrong);
    }
    return { damage };
  }

  /** Those that there are, the last one at the end, with the files that they lie in. */
  async list(): Promise<{ step: number; best: boolean; paths: string[] }[]> {
    const known = await this.#manifest();
    return (known?.checkpoints ?? []).map(({ step, best, files }) => {
      return { step, best, paths: files.map(({ file }) => join(this.dir, file)) };
    });
  }

  /** Reads a file, tensor by tensor, into a checkpoint. Says what is wrong with it. */
  async #readInto(checkpoint: Checkpoint, { file, sha256 }: StoredFile): Promise<string | undefined> {
    const source = await openSource(join(this.dir, file));
    if (!source) return `the file ${file} is missing`;
    try {
      if ((await readTensors(source, checkpoint)) === sha256) return undefined;
    } catch {
      // Whatever cannot be read was written otherwise.
    } finally {
      await source.close();
    }
    return `the file ${file} does not have the checksum that was written`;
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

/** Reads a checkpoint of any training from its files. Throws where they are none. */
export async function readCheckpoint(paths: readonly string[]): Promise<Checkpoint> {
  const checkpoint: Checkpoint = { step: 0, tensors: new Map(), history: new Map() };
  for (const path of paths) {
    const source = await openSource(path);
    if (!source) throw new Error(`${path} is missing`);
    try {
      const { metadata } = await openSafetensors(source);
      checkpoint.step = Number(metadata.step);
      await readTensors(source, checkpoint);
    } finally {
      await source.close();
    }
  }
  if (!Number.isSafeInteger(checkpoint.step) || checkpoint.step < 1) throw new Error("it names no step");
  return checkpoint;
}

/** Node reads and hashes at most 2 GiB at a time. */
const pieceBytes = 2 ** 26;

/** Bytes that are taken into a hash as they pass. */
function* hashed(parts: readonly Uint8Array[], hash: Hash): Generator<Uint8Array> {
  for (const part of parts) {
    hash.update(part);
    yield part;
  }
}

/** Tensors file by file, in their order, with the names of the files. */
function namedShards(step: number, tensors: readonly TensorToWrite[], maxBytes: number) {
  const shards: TensorToWrite[][] = [[]];
  let bytes = 0;
  for (const tensor of tensors) {
    const size = tensor.data.byteLength;
    if (bytes > 0 && bytes + size > maxBytes) {
      shards.push([]);
      bytes = 0;
    }
    shards.at(-1)?.push(tensor);
    bytes += size;
  }
  return shards.map((shard, i) => {
    const place = shards.length === 1 ? "" : `-${i + 1}-of-${shards.length}`;
    return { name: `step-${step}${place}.safetensors`, shard };
  });
}

/** Reads all tensors of a file, which lie one behind the other behind its header; gives the hash of the file. */
async function readTensors(source: FileSource, { tensors, history }: Checkpoint): Promise<string> {
  const header = await openSafetensors(source);
  const hash = createHash("sha256");
  const read = async (start: number, end: number): Promise<Uint8Array<ArrayBuffer>> => {
    const bytes = new Uint8Array(end - start);
    for (let done = 0; done < bytes.length; ) {
      const piece = await source.read(start + done, Math.min(end, start + done + pieceBytes));
      if (!piece.length) break;
      hash.update(piece);
      bytes.set(piece, done);
      done += piece.length;
    }
    return bytes;
  };
  const [first] = header.tensors.values();
  await read(0, first?.start ?? source.size);
  for (const [name, { dtype, start, end }] of header.tensors) {
    const data = await read(start, end);
    if (name.startsWith(historyName)) history.set(name.slice(historyName.length), new Float64Array(data.buffer));
    else tensors.set(name, toFloat32({ dtype, data }));
  }
  return hash.digest("hex");
}
