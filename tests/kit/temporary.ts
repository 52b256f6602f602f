import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * One folder holds whatever a test run leaves, databases that still run too: test processes are killed when they are
 * done, and cannot clean up themselves.
 */
export default function setup(): () => void {
  const dir = mkdtempSync(join(tmpdir(), "patchbay-tests-"));
  process.env.PATCHBAY_TEST_FOLDER = dir;
  return () => {
    endServers(dir);
    rmSync(dir, { recursive: true, force: true, maxRetries: 15 });
  };
}

/** Links are not followed: tests make circles of them. */
function endServers(dir: string): void {
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) endServers(path);
    else if (entry.name === "postmaster.pid") endServer(path);
  }
}

function endServer(pidFile: string): void {
  try {
    process.kill(Number(readFileSync(pidFile, "utf8").split("\n")[0]), "SIGQUIT"); // at once
  } catch {
    // it has ended
  }
}
