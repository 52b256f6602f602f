/** What is checked without running anything, the slowest first, as `npm test` and `npm run check` do it. */
const layers = ["app", "server", "nodes", "models", "scripts", "bench", "tests"];

/** @type {Record<string, readonly [program: string, ...args: string[]]>} by the name that `npm test -- NAME` takes */
export const checks = {
  types: ["tsc", "--noEmit", "-p", "."],
  dependencies: ["depcruise", "--config", ".dependency-cruiser.cjs", ...layers],
  unused: ["knip"],
  generated: ["tsx", "scripts/gen.ts", "--check"],
  lint: ["biome", "lint", "--error-on-warnings"],
  format: ["biome", "format"],
};
