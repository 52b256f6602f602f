/** models/architectures/families.gen.ts: every family of models, by the files of its folder. */
import { readdir } from "node:fs/promises";
import { root } from "../installation.mjs";
import { camelCase } from "./node-files";

export async function familiesModule(): Promise<string> {
  const names = (await readdir(`${root}/models/architectures`)).filter(isFamily).sort();
  const files = names.map((name) => name.slice(0, -".ts".length));
  const imports = files.map((file) => `import { ${camelCase(file)} } from "./${file}";`);
  return `// Written by scripts/gen.ts from the folder. Do not edit.
${imports.join("\n")}

export const families = [${files.map(camelCase).join(", ")}];
`;
}

const isFamily = (name: string): boolean => /^[\w-]+\.ts$/.test(name);
