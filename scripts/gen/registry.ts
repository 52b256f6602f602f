/** nodes/registry.gen.ts: every node by its type. */
import { camelCase, type NodeFile } from "./node-files";

export function registryModule(files: readonly NodeFile[]): string {
  const localName = ({ category, file }: NodeFile) => camelCase(`${category}-${file}`);
  const imports = files.map(
    (node) => `import { ${node.exported} as ${localName(node)} } from "./${node.category}/${node.file}";`,
  );
  const entries = files.map((node) => `  "${node.type}": ${localName(node)},`);
  return `// Written by scripts/gen.ts from the folders. Do not edit.
${imports.join("\n")}

export const registry = {
${entries.join("\n")}
};
`;
}
