/** Builds the web application where a source is newer than the last build. */
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { basePathOf, buildFolder } from "../base-path.mjs";
import { hashOf, root, stampIn } from "../installation.mjs";
import { fail, runCommand, say } from "./lifecycle.mjs";

const stamp = path.join(root, buildFolder, "patchbay-built");
const folders = ["app", "nodes", "models", "server"];
const notSources = ["generated", "migrations"];

/**
 * Fails, with what the build said, where it cannot be built. Another start in this folder may build it meanwhile; that
 * is waited for.
 */
export async function buildWebApplication(env) {
  const wanted = hashOf(sources()) + basePathOf();
  const next = path.join(root, "node_modules/next/dist/bin/next");
  for (;;) {
    if (stampIn(stamp) === wanted) return;
    say("building the web application");
    rmSync(stamp, { force: true }); // a build that is cut off is none, whatever the sources become
    const { status, output } = await runCommand(process.execPath, [next, "build"], { env });
    if (status === 0) return writeFileSync(stamp, wanted);
    if (!output.includes(builtByAnother)) await fail(`${output}\nThe web application could not be built.`);
    await setTimeout(2000);
  }
}

/** What Next says where another process builds. */
const builtByAnother = "Another next build process is already running";

function sources() {
  const code = folders.flatMap(filesBelow).filter((file) => /\.(tsx?|css)$/.test(file) && !file.includes(".test."));
  return [...code, "next.config.js", "package-lock.json"].sort();
}

function filesBelow(folder) {
  return readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    if (!entry.isDirectory()) return [file];
    return notSources.includes(entry.name) ? [] : filesBelow(file);
  });
}
