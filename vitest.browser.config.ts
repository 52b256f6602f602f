import { defineConfig } from "vitest/config";

/**
 * The whole product, started as a user starts it, and walked through in a browser. One file after the other: they share
 * the machine.
 */
export default defineConfig({
  test: {
    include: ["tests/browser/**/*.test.ts"],
    testTimeout: 600_000,
    hookTimeout: 300_000,
    globalSetup: "tests/kit/temporary.ts",
    pool: "forks",
    fileParallelism: false,
  },
});
