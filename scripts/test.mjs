/**
 * `npm test`: installs what is missing, checks everything, and ends with one line: N passed, N failed.
 * `npm test -- unit` does one part; the parts are those of scripts/checks.mjs, `unit` and `browser`.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { checks } from "./checks.mjs";
import { isClientStale, isInstalled, markInstalled, npmInstall, root } from "./installation.mjs";
import { runSideBySide } from "./side-by-side.mjs";

const parts = process.argv.slice(2);
const isWanted = (part) => !parts.length || parts.includes(part);
let passed = 0;
let failed = 0;

process.chdir(root);
install();
await runChecks();
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

async function runChecks() {
  const wanted = Object.entries(checks).filter(([name]) => isWanted(name));
  if (wanted.length) console.log("\n— checks");
  const failures = await runSideBySide(Object.fromEntries(wanted));
  passed += wanted.length - failures;
  failed += failures;
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
  const isFine = runs("node_modules/.bin/vitest", ["run", "--config", config, ...reporters], env);
  const counts = existsSync(report) ? JSON.parse(readFileSync(report, "utf8")) : {};
  passed += counts.numPassedTests ?? 0;
  failed += Math.max(counts.numFailedTests ?? 0, isFine ? 0 : 1);
}

/** Runs a program; whether it ended with 0. */
function runs(command, args, env = {}) {
  const { status } = spawnSync(command, args, {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, ...npmInstall.env, NEXT_TELEMETRY_DISABLED: "1", ...env },
  });
  return status === 0;
}
