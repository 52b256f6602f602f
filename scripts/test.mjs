/**
 * `npm test`: installs what is missing, checks everything, and ends with one line: N passed, N failed.
 * `npm test -- unit` does one part; the parts are those of scripts/checks.mjs, `unit` and `browser`.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { checks } from "./checks.mjs";
import { isClientStale, isInstalled, markInstalled, npmInstall, root } from "./installation.mjs";

const parts = process.argv.slice(2);
const isWanted = (part) => !parts.length || parts.includes(part);
let passed = 0;
let failed = 0;

process.chdir(root);
install();
for (const [name, [program, ...args]] of Object.entries(checks)) {
  if (!isWanted(name)) continue;
  console.log(`\n— ${name}`);
  if (succeeds(program, args)) passed++;
  else {
    failed++;
    console.log(`✗ ${name} failed`);
  }
}
if (isWanted("unit")) runTests("unit", "vitest.config.ts");
if (isWanted("browser")) await runBrowserTests();
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);

function install() {
  if (!isInstalled() || !existsSync("node_modules/vitest")) {
    console.log("installing dependencies");
    if (!runs(npmInstall.command, [...npmInstall.args, "--include=dev"])) {
      console.log("The dependencies could not be installed.\n0 passed, 1 failed");
      process.exit(1);
    }
    markInstalled();
  }
  if (isClientStale()) runs(process.execPath, ["scripts/postinstall.mjs"]);
}

async function runBrowserTests() {
  const { ensureChromium } = await import("./chromium.mjs");
  const chromium = ensureChromium();
  if (!chromium) console.log("No Chromium could be found or installed; set CHROMIUM_PATH.");
  runTests("browser", "vitest.browser.config.ts", { CHROMIUM_PATH: chromium ?? "" });
}

/** Counts what vitest reports. A run that fails without a failed test, as one that cannot begin, counts as one. */
function runTests(name, config, env) {
  console.log(`\n— ${name}`);
  mkdirSync("test-results", { recursive: true });
  const report = `test-results/${name}.json`;
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
  const isFine = succeeds("vitest", ["run", "--config", config, ...reporters], env);
  const counts = existsSync(report) ? JSON.parse(readFileSync(report, "utf8")) : {};
  passed += counts.numPassedTests ?? 0;
  failed += Math.max(counts.numFailedTests ?? 0, isFine ? 0 : 1);
}

/** Runs an installed program; whether it ended with 0. */
function succeeds(program, args, env) {
  return runs(path.join("node_modules/.bin", program), args, env);
}

function runs(command, args, env = {}) {
  const { status } = spawnSync(command, args, {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, ...npmInstall.env, NEXT_TELEMETRY_DISABLED: "1", ...env },
  });
  return status === 0;
}
