/** Finds a Chromium for the browser tests, or installs one. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";

const names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
/** Where Playwright puts it, inside a folder for each version. */
const playwrightFiles = [
  "chrome-linux/chrome",
  "chrome-linux64/chrome",
  "chrome-linux/headless_shell",
  "chrome-headless-shell-linux64/chrome-headless-shell",
];

/** The path of a Chromium that starts; undefined where none could be installed either. */
export function ensureChromium() {
  return findChromium() ?? installWithApt() ?? installWithPlaywright();
}

function findChromium() {
  const { CHROMIUM_PATH } = process.env;
  return [CHROMIUM_PATH, ...onPath(), ...inPlaywrightCache()].find(starts);
}

function onPath() {
  return names.map((name) => callQuietly("which", [name]).stdout?.trim());
}

function inPlaywrightCache() {
  const cache = process.env.PLAYWRIGHT_BROWSERS_PATH ?? path.join(homedir(), ".cache/ms-playwright");
  if (!existsSync(cache)) return [];
  return readdirSync(cache).flatMap((version) => playwrightFiles.map((file) => path.join(cache, version, file)));
}

function starts(file) {
  return Boolean(file) && callQuietly(file, ["--version"]).status === 0;
}

function installWithApt() {
  if (callQuietly("which", ["apt-get"]).status !== 0) return undefined;
  const prefix = process.getuid?.() === 0 ? [] : ["sudo", "-n"];
  for (const args of [
    ["update", "-qq"],
    ["install", "-y", "-qq", "chromium"],
  ]) {
    const [command, ...rest] = [...prefix, "apt-get", ...args];
    callQuietly(command, rest);
  }
  return findChromium();
}

function installWithPlaywright() {
  const cli = path.resolve("node_modules/playwright-core/cli.js");
  callQuietly(process.execPath, [cli, "install", "chromium", "--only-shell"]);
  return findChromium();
}

function callQuietly(command, args) {
  return spawnSync(command, args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
}
