/** A file from the hub: resumed where it was cut, and taken only when its hash is right. */
import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, mkdir, open, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Failure } from "../errors";

export interface RemoteFile {
  /** Its path in the repository, for messages. */
  path: string;
  url: string;
  size: number;
  /** sha256 of large files; others have git's sha1 of their content. */
  hash: { algorithm: "sha256" | "sha1"; value: string };
}
export interface DownloadOptions {
  token?: string;
  signal: AbortSignal;
  /** Bytes that are there by now. */
  onBytes(bytes: number): void;
}

/** Tries without a single new byte, after which it gives up. */
const patience = 4;
const pauseMs = 100;
/** A lock that nobody touched for so long is nobody's. */
const staleMs = 30_000;

/** Brings a file to a path. What came before a cut stays beside it, and the next call goes on behind it. */
export async function downloadTo(target: string, file: RemoteFile, options: DownloadOptions): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  await alone(`${target}.lock`, options.signal, async (stillHere) => {
    if (await sizeOf(target)) return; // another process was faster
    const partial = `${target}.incomplete`;
    const hash = await fetchAll(partial, file, options, stillHere);
    if (hash !== file.hash.value) {
      await rm(partial, { force: true });
      const { algorithm, value } = file.hash;
      const what = `its ${algorithm} is ${hash}, and should be ${value}`;
      throw new Failure({
        message: `“${file.path}” came from the hub with other content than the hub says: ${what}.`,
        hint: "Run again: it is downloaded anew. If that fails too, the file or a proxy in between is damaged.",
      });
    }
    await rename(partial, target);
  });
}

/** Fetches until all bytes are there; gives the hash of them all. */
async function fetchAll(
  partial: string,
  file: RemoteFile,
  options: DownloadOptions,
  stillHere: () => void,
): Promise<string> {
  let tries = 0;
  if (!file.size) await writeFile(partial, "");
  for (;;) {
    let before = (await sizeOf(partial)) ?? 0;
    if (before > file.size) {
      await rm(partial);
      before = 0;
    }
    const hash = await hashOf(partial, before, file);
    if (before === file.size) return hash.digest("hex");
    const failure = await fetchFrom(before, partial, file, { ...options, hash, stillHere });
    const now = (await sizeOf(partial)) ?? 0;
    if (now === file.size && !failure) return hash.digest("hex");
    tries = now > before ? 0 : tries + 1;
    if (tries >= patience) throw cutOff(file, now, failure);
    await wait(pauseMs * 2 ** tries, undefined, { signal: options.signal });
  }
}

/** Git hashes what a file is and how long before its content. */
async function hashOf(partial: string, bytes: number, { hash, size }: RemoteFile): Promise<Hash> {
  const made = createHash(hash.algorithm);
  if (hash.algorithm === "sha1") made.update(`blob ${size}\0`);
  if (bytes) for await (const chunk of createReadStream(partial)) made.update(chunk);
  return made;
}

interface Fetching extends DownloadOptions {
  hash: Hash;
  stillHere(): void;
}

/** Appends what comes; gives the reason where it broke off. What the server refuses is thrown. */
async function fetchFrom(start: number, partial: string, file: RemoteFile, options: Fetching): Promise<unknown> {
  const { token, signal, hash, onBytes, stillHere } = options;
  const handle = await open(partial, "a");
  try {
    const headers = { ...(token ? { authorization: `Bearer ${token}` } : {}), range: `bytes=${start}-` };
    const response = await fetch(file.url, { headers, signal });
    if (response.status >= 400 && response.status < 500) throw refused(file, response.status);
    if (!response.ok || !response.body) return new Error(`the server answers ${response.status}`);
    if (start && response.status !== 206) {
      await handle.truncate(0); // it sends all of it again
      return new Error("the server does not resume");
    }
    let bytes = start;
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      bytes += chunk.byteLength;
      if (bytes > file.size) return new Error("more came than the file has");
      await writeWhole(handle, chunk);
      hash.update(chunk);
      stillHere();
      onBytes(bytes);
    }
    return bytes === file.size ? undefined : new Error("the connection ended");
  } catch (error) {
    if (error instanceof Failure || signal.aborted) throw error;
    return error;
  } finally {
    await handle.close();
  }
}

async function writeWhole(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let done = 0; done < chunk.byteLength; ) done += (await handle.write(chunk, done)).bytesWritten;
}

const sizeOf = (path: string): Promise<number | undefined> =>
  stat(path).then(
    ({ size }) => size,
    () => undefined,
  );

const refused = ({ path }: RemoteFile, status: number): Failure =>
  new Failure({
    message: `The hub does not give “${path}”: it answers ${status}.`,
    hint:
      status === 401 || status === 403
        ? "The model is private or its terms must be accepted: set HF_TOKEN to a token that may read it."
        : "Check the model's id and revision.",
  });

const cutOff = ({ path, size }: RemoteFile, bytes: number, cause: unknown): Failure =>
  new Failure(
    {
      message: `“${path}” was cut off after ${bytes} of ${size} bytes, and again.`,
      hint: "Run again: it goes on where it stopped. The network or HF_ENDPOINT may be at fault.",
    },
    { cause },
  );

/** Does work while no other process does it: whoever holds the lock touches it as long as it lives. */
async function alone(lock: string, signal: AbortSignal, work: (stillHere: () => void) => Promise<void>): Promise<void> {
  while (!(await taken(lock))) await wait(pauseMs, undefined, { signal });
  let touched = Date.now();
  const touch = () => {
    if (Date.now() - touched < staleMs / 6) return;
    touched = Date.now();
    utimes(lock, new Date(), new Date()).catch(() => {});
  };
  const beat = setInterval(touch, staleMs / 6);
  try {
    await work(touch);
  } finally {
    clearInterval(beat);
    await rm(lock, { force: true });
  }
}

async function taken(lock: string): Promise<boolean> {
  try {
    await (await open(lock, "wx")).close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const { mtimeMs } = await stat(lock).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > staleMs) await rm(lock, { force: true });
    return false;
  }
}
