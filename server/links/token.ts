/**
 * The addresses of links. What stands in one is the HMAC of the link's id under 256 random bits that lie in the data
 * folder, outside of the database: whoever has the database alone, which holds only its hash, has no address; and
 * whoever made the link is shown its address again.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { env } from "../env";
import { sha256 } from "../storage/blobs";

const bytes = 32;

/** What an address of a link ends with: 256 bits in base64url. */
export const tokenShape = /^[A-Za-z0-9_-]{43}$/;

export const tokenOf = (link: string): string => signed(`link ${link}`);

/** By what the database finds a link. */
export const hashOf = (token: string): string => sha256(`link token ${token}`);

/** A mark that only this installation can make of a text. */
export const signed = (text: string): string => createHmac("sha256", linkKey()).update(text).digest("base64url");

/** Whether a mark is that of a text, in a time that does not tell how near it is. */
export function isSigned(text: string, mark: string): boolean {
  const [expected, given] = [Buffer.from(signed(text)), Buffer.from(mark)];
  return expected.length === given.length && timingSafeEqual(expected, given);
}

let read: { path: string; key: Buffer } | undefined;

function linkKey(): Buffer {
  const path = join(env().data, "keys", "links");
  if (read?.path !== path) read = { path, key: readKey(path) };
  return read.key;
}

function readKey(path: string): Buffer {
  const found = readOrNothing(path) ?? makeKey(path);
  if (found.length === bytes) return found;
  throw Object.assign(new Error(`The key of links, ${path}, is not what was written there.`), {
    hint: "Bring it back from a backup; or delete it, and all links that were made lose their passwords and addresses.",
  });
}

function readOrNothing(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Written aside, and given its name only where none has it: two processes that begin at once have one key. */
function makeKey(path: string): Buffer {
  const aside = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(aside, randomBytes(bytes), { mode: 0o600, flag: "wx", flush: true });
  try {
    linkSync(aside, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(aside, { force: true });
  }
  return readFileSync(path);
}
