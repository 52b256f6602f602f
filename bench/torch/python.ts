import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

/**
 * A Python that has PyTorch: the one that PATCHBAY_BENCH_PYTHON names, or a virtual environment of the benches' own in `.data/bench`, made from
 * PyPI when first asked for. Undefined, with a word, where that cannot be had.
 */
export function torchPython(): string | undefined {
  const works = (python: string) => spawnSync(python, ["-c", "import torch"]).status === 0;
  const given = process.env.PATCHBAY_BENCH_PYTHON;
  if (given) return works(given) ? given : void console.error(`${given} has no PyTorch; the comparison is skipped.`);
  const home = resolve(".data/bench/torch");
  const python = join(home, "bin/python");
  if (existsSync(python) && works(python)) return python;
  console.error("making a virtual environment with PyTorch (some minutes, about 5 GB) …");
  const made =
    spawnSync("python3", ["-m", "venv", home], { stdio: "inherit" }).status === 0 &&
    spawnSync(python, ["-m", "pip", "install", "--quiet", "torch", "numpy"], { stdio: "inherit" }).status === 0;
  return made && works(python)
    ? python
    : void console.error(
        "PyPI or Python cannot be reached, so there is nothing to compare with; the comparison is skipped.",
      );
}
