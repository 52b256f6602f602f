/** What is checked without running anything: `npm test` does it one after the other, `npm run check` side by side. */
const layers = ["app", "server", "nodes", "models", "scripts", "bench", "tests"];

/** @type {Record<string, readonly [program: string, ...args: string[]]>} by the name that `npm test -- NAME` takes */
export const checks = {
  generated: ["tsx", "scripts/gen.ts", "--check"],
  format: ["biome", "format"],
  lint: ["biome", "lint", "--error-on-warnings"],
  types: ["tsc", "--noEmit", "-p", "."],
  dependencies: ["depcruise", "--config", ".dependency-cruiser.cjs", ...layers],
  unused: ["knip"],
};
