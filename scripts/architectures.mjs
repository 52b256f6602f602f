/** Writes docs/architectures.md: runs the hub's models and notes how far they are from what transformers gives. */
import { spawnSync } from "node:child_process";

const env = { ...process.env, PATCHBAY_ARCHITECTURES: "docs/architectures.md" };
const { status } = spawnSync("npx", ["vitest", "run", "tests/conformance.test.ts"], {
  env,
  stdio: "inherit",
  shell: true,
});
process.exit(status ?? 1);
