import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

/**
 * One folder holds whatever a test run leaves, databases that still run too: test processes are killed when they are
 * done, and cannot clean up themselves.
 */
export default function setup(): () => void {
  const dir = mkdtempSync(join(tmpdir(), "patchbay-tests-"));
  process.env.PATCHBAY_TEST_FOLDER = dir;
  return () => {
    for (const path of readdirSync(dir, { recursive: true, encoding: "utf8" })) {
      if (basename(path) === "postmaster.pid") endServer(join(dir, path));
    }
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  };
}

function endServer(pidFile: string): void {
  try {
    process.kill(Number(readFileSync(pidFile, "utf8").split("\n")[0]), "SIGQUIT"); // at once
  } catch {
    // it has ended
  }
}
