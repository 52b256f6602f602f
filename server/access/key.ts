/**
 * The installation's key: from `PATCHBAY_KEY`, or a file outside the data folder, so that a copy of the data alone
 * opens nothing. What it is used for has a key of its own, derived from it.
 */
import { hkdfSync, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { Failure } from "../errors";

const bytes = 32;
const file = (): string =>
  process.env.PATCHBAY_KEY_FILE || join(process.env.XDG_CONFIG_HOME || join(homedir(), ".config"), "patchbay", "key");

/** 32 bytes for one purpose. The key file is written when it is first needed. */
export function keyFor(purpose: "sessions" | "secrets"): Buffer {
  return Buffer.from(hkdfSync("sha256", installationKey(), "patchbay", purpose, bytes));
}

function installationKey(): Buffer {
  const given = process.env.PATCHBAY_KEY;
  if (given) return decoded(given, "PATCHBAY_KEY");
  if (!existsSync(file())) writeKeyFile();
  return decoded(readFileSync(file(), "utf8").trim(), file());
}

function writeKeyFile(): void {
  mkdirSync(dirname(file()), { recursive: true, mode: 0o700 });
  try {
    writeFileSync(file(), `${randomBytes(bytes).toString("base64")}\n`, { mode: 0o600, flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error; // another process was quicker
  }
}

function decoded(text: string, where: string): Buffer {
  const key = Buffer.from(text, "base64");
  if (key.length >= bytes) return key;
  throw new Failure({
    message: `The key of this installation (${where}) is too short: 32 random bytes as base64 are expected.`,
    hint: "Make one with: openssl rand -base64 32",
  });
}
