/**
 * `npm run check`: what can be checked without a server, in under a minute on two cores: format, lint, types,
 * dependency rules, unused code, generated files, and the quick tests. `npm test` is the whole.
 */
import { checks } from "./checks.mjs";
import { runSideBySide } from "./side-by-side.mjs";

const { types, ...others } = checks;
const unit = ["vitest", "run", "--config", "vitest.check.config.ts", "--reporter=dot"];
const parts = { types, unit, ...others };
const failed = await runSideBySide(parts);
console.log(failed ? `${failed} of ${Object.keys(parts).length} failed` : "all fine");
process.exit(failed ? 1 : 0);
