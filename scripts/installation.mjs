/**
 * Whether what is installed is what the lockfile and the schema ask for. Imports nothing but Node, for it runs on a
 * bare clone.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));
const stamp = path.join(root, "node_modules/.patchbay-installed");
const lockfile = "package-lock.json";

/** `npm ci` as every script of ours runs it. */
export const npmInstall = {
  command: process.platform === "win32" ? "npm.cmd" : "npm",
  args: ["ci", "--no-audit", "--no-fund", "--loglevel=error"],
  env: { ONNXRUNTIME_NODE_INSTALL: "skip" },
};

export const isInstalled = () => stampIn(stamp) === hashOf([lockfile]);
export const markInstalled = () => writeFileSync(stamp, hashOf([lockfile]));

/** Whether the generated database client is older than its schema; scripts/postinstall.mjs writes it. */
export const isClientStale = () => changedAt("prisma/generated/client.ts") < changedAt("prisma/schema.prisma");

/** One hash of the names and the content of files of the repository. */
export function hashOf(files) {
  const hash = createHash("sha256");
  for (const file of files) hash.update(file).update(readFileSync(path.join(root, file)));
  return hash.digest("hex");
}

/** What a stamp file says, or nothing. */
export const stampIn = (file) => (existsSync(file) ? readFileSync(file, "utf8") : "");

function changedAt(file) {
  return statSync(path.join(root, file), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
