import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

/**
 * A Python that has PyTorch: the one that PATCHBAY_BENCH_PYTHON names, or a virtual environment of the benches' own in
 * `.data/bench`, made from PyPI when first asked for. Undefined, with a word, where that cannot be had.
 */
export function torchPython(): string | undefined {
  const given = process.env.PATCHBAY_BENCH_PYTHON;
  if (given) {
    if (hasTorch(given)) return given;
    console.error(`${given} has no PyTorch; the comparison is skipped.`);
    return undefined;
  }
  const home = resolve(".data/bench/torch");
  const python = join(home, "bin/python");
  if (existsSync(python) && hasTorch(python)) return python;
  console.error("making a virtual environment with PyTorch (some minutes, about 5 GB) …");
  const made =
    succeeds("python3", ["-m", "venv", home]) &&
    succeeds(python, ["-m", "pip", "install", "--quiet", "torch", "numpy"]);
  if (made && hasTorch(python)) return python;
  console.error("PyPI or Python cannot be reached, so there is nothing to compare with; the comparison is skipped.");
  return undefined;
}

function hasTorch(python: string): boolean {
  return spawnSync(python, ["-c", "import torch"]).status === 0;
}

function succeeds(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: "inherit" }).status === 0;
}
