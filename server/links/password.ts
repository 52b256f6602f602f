/** Passwords of links: kept as scrypt makes them, and tried only so often. */
import { randomBytes, scrypt as scryptOf, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

const scrypt = promisify(scryptOf) as (password: string, salt: Buffer, length: number) => Promise<Buffer>;
const length = 32;

/** "salt:hash", both in base64. */
export async function keptPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await scrypt(password.normalize("NFKC"), salt, length);
  return `${salt.toString("base64")}:${hash.toString("base64")}`;
}

export async function isPassword(password: string, kept: string): Promise<boolean> {
  const [salt = "", hash = ""] = kept.split(":");
  const expected = Buffer.from(hash, "base64");
  const given = await scrypt(password.normalize("NFKC"), Buffer.from(salt, "base64"), length);
  return expected.length === given.length && timingSafeEqual(expected, given);
}

/** So many tries at once for one link, and then one more each so many milliseconds. */
const burst = 8;
const refill = 15_000;
/** Links whose tries are remembered; beyond it those that were tried longest ago are forgotten. */
const mostRemembered = 10_000;

/**
 * Tries that are left, by link: of all visitors together, since where a request comes from is what whoever guesses
 * chooses. Who knows the password and has opened the page before is asked no more.
 */
export class Tries {
  readonly #left = new Map<string, { tries: number; at: number }>();

  /** Takes one of the tries; gives the milliseconds until there is one where none is left. */
  take(link: string, now = Date.now()): number {
    const known = this.#left.get(link) ?? { tries: burst, at: now };
    const tries = Math.min(burst, known.tries + (now - known.at) / refill);
    if (tries < 1) return Math.ceil((1 - tries) * refill);
    this.#left.delete(link);
    this.#left.set(link, { tries: tries - 1, at: now });
    if (this.#left.size > mostRemembered) this.#left.delete(this.#left.keys().next().value as string);
    return 0;
  }
}
