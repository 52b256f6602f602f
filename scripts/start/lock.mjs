/** One installation per data folder: another start would fight over port and data. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fail, onStop, say } from "./lifecycle.mjs";
import { bootId, lockHolder } from "./lock-holder.mjs";
import { data, url } from "./settings.mjs";

const lock = path.join(data, "start.json");

/** Writes the lock, which goes when this start stops. Fails where another start holds it. */
export async function lockDataFolder() {
  try {
    mkdirSync(data, { recursive: true });
    while (!writeLock()) {
      const holder = lockHolder(lock);
      if (holder)
        await fail(
          `Patchbay runs already, at ${holder.url} (process ${holder.pid}). ` +
            `Stop it with Ctrl-C there, or: kill ${holder.pid}`,
        );
      if (existsSync(lock)) say("the last start ended without a stop; going on from what it left");
      rmSync(lock, { force: true });
    }
  } catch (error) {
    await fail(
      `The data folder ${data} cannot be used: ${error.message}. ` +
        "Set PATCHBAY_DATA to a folder that can be written, on a disk with space.",
    );
  }
  onStop(() => rmSync(lock, { force: true }));
}

/** Whether the lock is ours now: it is written only where none is. */
function writeLock() {
  try {
    writeFileSync(lock, JSON.stringify({ pid: process.pid, url, boot: bootId() }), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    return false;
  }
}
