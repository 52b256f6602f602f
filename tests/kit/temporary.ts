import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** One folder holds whatever a test run leaves; test processes are killed when they are done, so that they cannot clean up themselves. */
export default function setup(): () => void {
  const dir = mkdtempSync(join(tmpdir(), "patchbay-tests-"));
  process.env.PATCHBAY_TEST_FOLDER = dir;
  return () => rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
}
