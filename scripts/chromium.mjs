/** Finds a Chromium for the browser tests, or installs one. Prints its path. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";

const run = (command, args) =>
  spawnSync(command, args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
const works = (file) => file && run(file, ["--version"]).status === 0;

function find() {
  if (works(process.env.CHROMIUM_PATH)) return process.env.CHROMIUM_PATH;
  for (const name of ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"]) {
    const found = run("which", [name]).stdout?.trim();
    if (works(found)) return found;
  }
  const cache = process.env.PLAYWRIGHT_BROWSERS_PATH ?? path.join(homedir(), ".cache/ms-playwright");
  for (const dir of existsSync(cache) ? readdirSync(cache) : []) {
    for (const file of [
      "chrome-linux/chrome",
      "chrome-linux64/chrome",
      "chrome-linux/headless_shell",
      "chrome-headless-shell-linux64/chrome-headless-shell",
    ])
      if (works(path.join(cache, dir, file))) return path.join(cache, dir, file);
  }
  return undefined;
}

export function ensureChromium() {
  const found = find();
  if (found) return found;
  const sudo = process.getuid?.() === 0 ? [] : ["sudo", "-n"];
  if (run("which", ["apt-get"]).status === 0) {
    for (const args of [
      ["apt-get", "update", "-qq"],
      ["apt-get", "install", "-y", "-qq", "chromium"],
    ])
      run([...sudo, ...args][0], [...sudo, ...args].slice(1));
    if (find()) return find();
  }
  run(process.execPath, [path.resolve("node_modules/playwright-core/cli.js"), "install", "chromium", "--only-shell"]);
  return find();
}
