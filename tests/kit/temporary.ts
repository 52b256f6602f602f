import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { lockHolder } from "../../scripts/start/lock-holder.mjs";

/**
 * One folder holds whatever a test run leaves, products and databases that still run too: test processes are killed
 * when they are done, and cannot clean up themselves.
 */
export default function setup(): () => Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "patchbay-tests-"));
  process.env.PATCHBAY_TEST_FOLDER = dir;
  return async () => {
    await Promise.all(filesNamed("start.json", dir).map(endProduct));
    for (const file of filesNamed("postmaster.pid", dir)) endServer(file);
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  };
}

/** Links are not followed: tests make circles of them. */
function filesNamed(name: string, dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) => {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) return filesNamed(name, path);
    return entry.name === name ? [path] : [];
  });
}

/** A product that files shared: it takes its lock away when it has stopped. */
async function endProduct(lock: string): Promise<void> {
  const holder = lockHolder(lock);
  if (!holder) return;
  signal(holder.pid, "SIGINT");
  for (let i = 0; i < 80 && existsSync(lock); i++) await sleep(100);
}

function endServer(pidFile: string): void {
  signal(Number(readFileSync(pidFile, "utf8").split("\n")[0]), "SIGQUIT"); // at once
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // it has ended
  }
}
