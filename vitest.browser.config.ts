import { defineConfig } from "vitest/config";
import { LongestFirst } from "./tests/kit/longest-first.ts";
import { oneThread } from "./vitest.config";

/**
 * The whole product, started as a user starts it, and walked through in a browser. Two files at once, each with a
 * product of its own: half of their time they wait.
 */
export default defineConfig({
  test: {
    include: ["tests/browser/**/*.test.ts"],
    testTimeout: 600_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 20_000 } },
    globalSetup: "tests/kit/temporary.ts",
    pool: "forks",
    maxWorkers: 2,
    env: oneThread,
    sequence: { sequencer: LongestFirst },
    isolate: false, // so that files share a product, see tests/kit/browser.ts
  },
});
