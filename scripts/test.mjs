/** `npm test`: installs what is missing, checks everything, and ends with one line: N passed, N failed. `npm test -- unit` does one part. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const only = process.argv.slice(2);
process.chdir(root);
const run = (command, args, env = {}) =>
  spawnSync(command, args, {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip", NEXT_TELEMETRY_DISABLED: "1", ...env },
  }).status === 0;

const stamp = path.join(root, "node_modules/.patchbay-installed");
const lock = createHash("sha256").update("package-lock.json").update(readFileSync("package-lock.json")).digest("hex");
if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== lock || !existsSync("node_modules/vitest")) {
  console.log("installing dependencies");
  if (!run("npm", ["ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"])) {
    console.log("The dependencies could not be installed.\n0 passed, 1 failed");
    process.exit(1);
  }
  writeFileSync(stamp, lock);
}
const changed = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
if (changed("prisma/generated/client.ts") < changed("prisma/schema.prisma"))
  run(process.execPath, ["scripts/postinstall.mjs"]);

let passed = 0;
let failed = 0;
const bin = (name) => path.join("node_modules/.bin", name);
const wanted = (name) => !only.length || only.includes(name);
function check(name, command, args) {
  if (!wanted(name)) return;
  console.log(`\n— ${name}`);
  if (run(command, args)) passed++;
  else {
    failed++;
    console.log(`✗ ${name} failed`);
  }
}
function tests(name, config, env) {
  if (!wanted(name)) return;
  console.log(`\n— ${name}`);
  mkdirSync("test-results", { recursive: true });
  const report = `test-results/${name}.json`;
  const ok = run(
    bin("vitest"),
    ["run", "--config", config, "--reporter=default", "--reporter=json", `--outputFile.json=${report}`],
    env,
  );
  const {
    numPassedTests = 0,
    numFailedTests = 0,
    numFailedTestSuites = 0,
  } = existsSync(report) ? JSON.parse(readFileSync(report, "utf8")) : {};
  passed += numPassedTests;
  failed += Math.max(numFailedTests, ok ? 0 : 1, ok ? 0 : numFailedTestSuites > 0 && numFailedTests === 0 ? 1 : 0);
}

check("generated", bin("tsx"), ["scripts/gen.ts", "--check"]);
check("lint", bin("biome"), ["lint", "--error-on-warnings"]);
check("types", bin("tsc"), ["--noEmit", "-p", "."]);
check("dependencies", bin("depcruise"), [
  "--config",
  ".dependency-cruiser.cjs",
  "app",
  "server",
  "nodes",
  "models",
  "scripts",
  "bench",
  "tests",
]);
check("unused", bin("knip"), []);
tests("unit", "vitest.config.ts");
if (wanted("browser")) {
  const { ensureChromium } = await import("./chromium.mjs");
  const chromium = ensureChromium();
  if (!chromium) console.log("No Chromium could be found or installed; set CHROMIUM_PATH.");
  tests("browser", "vitest.browser.config.ts", { CHROMIUM_PATH: chromium ?? "" });
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
