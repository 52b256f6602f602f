import { readFile, realpath } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { Failure } from "../../errors";

const require = createRequire(import.meta.url);
const dataPackages = [
  "openmoji",
  "@iconify-json/noto",
  "@iconify-json/twemoji",
  "@iconify-json/fluent-emoji-flat",
  "mnist",
  "fashion-mnist",
];
/** Packages whose files nodes may read, and where they lie. "patchbay" is what this product ships itself. */
const packages: Record<string, () => string> = {
  patchbay: () => fileURLToPath(new URL("../../../models/checkpoints", import.meta.url)),
  ...Object.fromEntries(dataPackages.map((name) => [name, () => dirname(require.resolve(`${name}/package.json`))])),
};

/** A file of an installed data package. */
export async function packageFile(name: string, path: string): Promise<Uint8Array> {
  const root = Object.hasOwn(packages, name) ? packages[name]?.() : undefined;
  if (!root)
    throw new Failure({
      message: `The data package “${name}” is not one of Patchbay's.`,
      hint: `Packages are ${Object.keys(packages).join(", ")}.`,
    });
  const real = await realpath(join(root, path)).catch(() => undefined);
  if (!real?.startsWith((await realpath(root)) + sep))
    throw new Failure({
      message: `The data package “${name}” has no file “${path}”.`,
      hint:
        name === "patchbay"
          ? "Choose one of the shipped checkpoints."
          : "Install Patchbay's dependencies again: npm ci.",
    });
  return readFile(real);
}
