import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { alias: { "server-only": fileURLToPath(new URL("./tests/kit/server-only.ts", import.meta.url)) } },
  test: {
    include: ["{models,nodes,server,app,tests,scripts}/**/*.test.{ts,tsx}"],
    exclude: ["tests/browser/**", "node_modules/**"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    globalSetup: "tests/kit/temporary.ts",
    pool: "forks",
    maxWorkers: 2,
  },
});
