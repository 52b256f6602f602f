/**
 * `npm run check`: what can be checked without a server, in under a minute on two cores: format, lint, types,
 * dependency rules, unused code, generated files, and the quick tests. Two parts run side by side, the slowest first; a
 * part that fails shows what it said. `npm test` is the whole.
 */
import { spawn } from "node:child_process";
import path from "node:path";
import { checks } from "./checks.mjs";
import { root } from "./installation.mjs";

const slowestFirst = ["types", "unit", "dependencies", "unused", "generated", "lint", "format"];
const sideBySide = 2;
const parts = { ...checks, unit: ["vitest", "run", "--config", "vitest.check.config.ts", "--reporter=dot"] };
const waiting = slowestFirst.map((name) => [name, parts[name]]);
let failed = 0;

await Promise.all(Array.from({ length: sideBySide }, workThrough));
console.log(failed ? `${failed} of ${slowestFirst.length} failed` : "all fine");
process.exit(failed ? 1 : 0);

async function workThrough() {
  for (let part = waiting.shift(); part; part = waiting.shift()) {
    const [name, command] = part;
    const began = performance.now();
    const { isFine, output } = await runPart(command);
    const seconds = ((performance.now() - began) / 1000).toFixed(1).padStart(5);
    console.log(`${isFine ? "✓" : "✗"} ${name.padEnd(12)} ${seconds} s`);
    if (isFine) continue;
    failed++;
    console.log(output);
  }
}

function runPart([program, ...args]) {
  return new Promise((done) => {
    const child = spawn(path.join(root, "node_modules/.bin", program), args, { cwd: root });
    let output = "";
    const listen = (chunk) => {
      output += chunk;
    };
    child.stdout.on("data", listen);
    child.stderr.on("data", listen);
    child.once("error", (error) => done({ isFine: false, output: error.message }));
    child.once("close", (status) => done({ isFine: status === 0, output }));
  });
}
