import { createHash, randomUUID } from "node:crypto";
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import {
  access,
  link,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  utimes,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";

/** Whether bytes must last. Those that can be made again need no fsync, and go when the disk budget is used up. */
export interface PutOptions {
  durable?: boolean;
}

/** Files named by the sha256 of their bytes: equal work has equal names, and a name never changes its meaning. */
export interface Blobs {
  /** Where the store is, for another thread or process that opens it too. */
  readonly root: string;
  put(bytes: Uint8Array, options?: PutOptions): Promise<string>;
  /** Stores a stream, giving up with `BlobTooLarge` beyond `maxBytes`. */
  putStream(source: Readable, maxBytes: number, options?: PutOptions): Promise<{ ref: string; bytes: number }>;
  get(ref: string): Promise<Uint8Array>;
  stream(ref: string): Readable;
  /** The bytes from `start` up to `end`, or to where the file ends. */
  read(ref: string, start: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
  size(ref: string): Promise<number>;
  has(ref: string): Promise<boolean>;
  /** Whether it is there; what can be made again then counts as used now. */
  use(ref: string): Promise<boolean>;
  /**
   * Takes a file of this machine in without copying it: it is read where it lies. Its reference is made of its path,
   * size and time of change, and means nothing any more when these change.
   */
  link(path: string): Promise<string>;
  /** Where the file lies; for readers that want a path, such as external data of an ONNX model. */
  path(ref: string): string;
  /** Has blobs stay for a holder, such as a run, that shows them: until `release`, whatever the disk budget. */
  hold(holder: string, refs: Iterable<string>): Promise<void>;
  release(holder: string): Promise<void>;
}

/** Folders beside those of the blobs that must last: what can be made again, and what holders hold of it. */
export const madeFolder = "made";
export const heldFolder = "held";
export const temporaryFolder = "tmp";

/** Largest upload: a file of a checkpoint. Pictures have a limit of their own, where they are read. */
export const maxUpload = 64 * 2 ** 30;

export class BlobTooLarge extends Error {
  constructor(readonly maxBytes: number) {
    super(`The file is larger than the limit of ${Math.round(maxBytes / 2 ** 20)} MiB.`);
  }
}
export class BlobMissing extends Error {
  readonly hint = "It was deleted, or belongs to another installation: upload the file again.";
  constructor(readonly ref: string) {
    super(`The stored file ${ref.slice(0, 12)}… is missing from the blob store.`);
  }
}

export class FileChanged extends Error {
  readonly hint = "Run the graph again: it is then read as it is now, or choose where it lies.";
  constructor(readonly file: string) {
    super(`The file ${file} was changed or moved after it was read.`);
  }
}

export const isRef = (ref: string): boolean => /^[0-9a-f]{64}$/.test(ref);

/** The blobs that a value in stored form, or an event, refers to. */
export function refsIn(stored: object): string[] {
  const refs = new Set<string>();
  JSON.stringify(stored, (name, value) => {
    if (name === "ref" && typeof value === "string" && isRef(value)) refs.add(value);
    return value;
  });
  return [...refs];
}

/** Node hashes at most 2 GiB at a time, and reads no more in one piece. */
const pieceBytes = 2 ** 30;

export function sha256(data: Uint8Array | string): string {
  const hash = createHash("sha256");
  if (typeof data === "string") return hash.update(data).digest("hex");
  for (let start = 0; start < data.byteLength; start += pieceBytes)
    hash.update(data.subarray(start, start + pieceBytes));
  return hash.digest("hex");
}

/**
 * A blob store in a folder, two levels deep. Files appear whole or not at all: they are written aside and renamed.
 * What can be made again lies in `made`; what is held of that has a second name (a hard link) in `held`.
 */
export function openBlobs(root: string): Blobs {
  const path = (ref: string) => placeOf(root, ref);
  return {
    root,
    path,
    put: (bytes, options) => putBytes(root, bytes, options),
    putStream: (source, maxBytes, options) => putStream(root, source, maxBytes, options),
    get: (ref) => readAll(path(ref)).catch(sayMissing(ref)),
    stream: (ref) => createReadStream(path(ref)),
    read: (ref, start, end) => readRange(path(ref), start, end).catch(sayMissing(ref)),
    size: (ref) => sizeOf(path(ref), ref).catch(sayMissing(ref)),
    has: (ref) => isThere(path(ref), ref),
    link: (file) => linkFile(root, file),
    use: (ref) => use(root, ref),
    hold: (holder, refs) => hold(root, holder, refs),
    release: (holder) => rm(join(root, heldFolder, holder), { recursive: true, force: true }),
  };
}

function pathIn(folder: string, ref: string): string {
  if (!isRef(ref)) throw new Error(`"${ref.slice(0, 80)}" is no blob reference: 64 hexadecimal digits were expected.`);
  return join(folder, ref.slice(0, 2), ref);
}

const lastingPath = (root: string, ref: string): string => pathIn(root, ref);
const madePath = (root: string, ref: string): string => pathIn(join(root, madeFolder), ref);

/** Where a blob lies; where it would, if it is missing. */
function placeOf(root: string, ref: string): string {
  const made = madePath(root, ref);
  return existsSync(made) ? made : lastingPath(root, ref);
}

async function linkFile(root: string, file: string): Promise<string> {
  const real = await realpath(file);
  const ref = await nameOfFile(real);
  const path = lastingPath(root, ref);
  await mkdir(dirname(path), { recursive: true });
  await symlink(real, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  return ref;
}

async function nameOfFile(path: string): Promise<string> {
  const { size, mtimeNs } = await stat(path, { bigint: true });
  return sha256(["file", path, size, mtimeNs].join("\0"));
}

/** How large a blob is. One that is a file elsewhere must still be what it was. */
async function sizeOf(path: string, ref: string): Promise<number> {
  const found = await lstat(path);
  if (!found.isSymbolicLink()) return found.size;
  const file = await readlink(path);
  const name = await nameOfFile(file).catch(() => undefined);
  if (name !== ref) throw new FileChanged(file);
  return (await stat(file)).size;
}

async function isThere(path: string, ref: string): Promise<boolean> {
  return sizeOf(path, ref).then(
    () => true,
    () => false,
  );
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function use(root: string, ref: string): Promise<boolean> {
  if (await isThere(lastingPath(root, ref), ref)) return true;
  const now = new Date();
  return utimes(madePath(root, ref), now, now).then(
    () => true,
    () => false,
  );
}

/** A file with two names is not given up. Where the file system has no second names, it lasts. */
async function hold(root: string, holder: string, refs: Iterable<string>): Promise<void> {
  const folder = join(root, heldFolder, holder);
  for (const ref of refs) {
    const made = madePath(root, ref);
    if (!existsSync(made)) continue;
    await mkdir(folder, { recursive: true });
    await linked(made, join(folder, ref)).catch(() => makeLast(root, ref));
  }
}

async function makeLast(root: string, ref: string): Promise<void> {
  const path = lastingPath(root, ref);
  await mkdir(dirname(path), { recursive: true });
  await rename(madePath(root, ref), path);
}

/** Who holds blobs. */
export const holdersIn = (root: string): Promise<string[]> => readdir(join(root, heldFolder)).catch(() => []);

/** For how long a holder has held what it does, in milliseconds; no time at all where it holds nothing. */
export async function heldFor(root: string, holder: string): Promise<number> {
  const found = await stat(join(root, heldFolder, holder)).catch(() => undefined);
  return found ? Date.now() - found.mtimeMs : 0;
}

async function linked(from: string, to: string): Promise<void> {
  await link(from, to).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
}

const sayMissing =
  (ref: string) =>
  (error: NodeJS.ErrnoException): never => {
    throw error.code === "ENOENT" ? new BlobMissing(ref) : error;
  };

async function putBytes(root: string, bytes: Uint8Array, { durable = true }: PutOptions = {}): Promise<string> {
  const ref = sha256(bytes);
  if (await (durable ? exists(lastingPath(root, ref)) : use(root, ref))) return ref;
  await writeAside(root, durable, async (temporary) => {
    const file = await open(temporary, "wx");
    try {
      await file.writeFile(bytes);
      if (durable) await file.sync();
    } finally {
      await file.close();
    }
    return ref;
  });
  return ref;
}

async function putStream(
  root: string,
  source: Readable,
  maxBytes: number,
  { durable = true }: PutOptions = {},
): Promise<{ ref: string; bytes: number }> {
  const meter = metered(maxBytes);
  const ref = await writeAside(root, durable, async (temporary) => {
    await pipeline(source, meter.stream, createWriteStream(temporary, { flags: "wx", flush: durable }));
    return meter.sha256();
  });
  return { ref, bytes: meter.bytes() };
}

/** Passes bytes on, counts and hashes them; gives up with `BlobTooLarge` beyond the most. */
export function metered(most: number): { stream: Transform; bytes(): number; sha256(): string } {
  const digest = createHash("sha256");
  let bytes = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      digest.update(chunk);
      done(bytes > most ? new BlobTooLarge(most) : null, chunk);
    },
  });
  return { stream, bytes: () => bytes, sha256: () => digest.digest("hex") };
}

/**
 * Has a file written under a name of its own, then moves it to where its reference says. Nothing is left of one that
 * failed.
 */
async function writeAside(
  root: string,
  durable: boolean,
  write: (temporary: string) => Promise<string>,
): Promise<string> {
  await mkdir(join(root, temporaryFolder), { recursive: true });
  const temporary = join(root, temporaryFolder, randomUUID());
  try {
    const ref = await write(temporary);
    const path = (durable ? lastingPath : madePath)(root, ref);
    await mkdir(dirname(path), { recursive: true });
    await rename(temporary, path);
    return ref;
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function readAll(path: string): Promise<Uint8Array> {
  const { size } = await stat(path);
  return size > pieceBytes ? readRange(path, 0, size) : readFile(path);
}

/** One read gives at most 2 GiB, and may give less than was asked for. */
async function readRange(path: string, start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
  const file = await open(path);
  try {
    const bytes = new Uint8Array(end - start);
    let filled = 0;
    while (filled < bytes.length) {
      const length = Math.min(bytes.length - filled, pieceBytes);
      const { bytesRead } = await file.read(bytes, filled, length, start + filled);
      if (!bytesRead) break;
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  } finally {
    await file.close();
  }
}
