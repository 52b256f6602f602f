import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{models,nodes,server,app,tests,scripts}/**/*.test.{ts,tsx}"],
    exclude: ["tests/e2e/**"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: "forks",
    maxWorkers: 2,
  },
});
