import { fileURLToPath } from "node:url";
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";
import { LongestFirst } from "./tests/kit/longest-first.ts";

/** They open the database of a process, which is one: each file has a process, a database and settings of its own. */
const withDatabase = ["tests/**/*.test.{ts,tsx}", "server/{access,runs}/**/*.test.ts"];

/**
 * All others: files share what a worker has loaded, since to load it anew for each took half as long as their tests.
 * What a test stubs, of the environment too, is set back behind it.
 */
export const parts: TestProjectInlineConfiguration = {
  extends: true,
  test: {
    name: "parts",
    include: ["{models,nodes,server,app,scripts}/**/*.test.{ts,tsx}"],
    exclude: withDatabase,
    isolate: false,
    unstubEnvs: true,
    unstubGlobals: true,
  },
};

const whole: TestProjectInlineConfiguration = {
  extends: true,
  test: { name: "whole", include: withDatabase, exclude: ["tests/browser/**"] },
};

/** Two files go on at once: threads of models that wait for each other's cores would take a fifth of the time. */
export const oneThread = { PATCHBAY_THREADS: "1" };

export default defineConfig({
  resolve: { alias: { "server-only": fileURLToPath(new URL("./tests/kit/server-only.ts", import.meta.url)) } },
  test: {
    testTimeout: 120_000,
    hookTimeout: 120_000,
    globalSetup: "tests/kit/temporary.ts",
    pool: "forks",
    maxWorkers: 2,
    env: oneThread,
    sequence: { sequencer: LongestFirst },
    projects: [whole, parts],
  },
});
