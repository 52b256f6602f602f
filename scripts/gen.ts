/**
 * Writes what follows from the code: nodes/registry.gen.ts, docs/nodes.md, docs/ops.md and models/shipped.gen.ts. `--check` writes nothing and fails when they are stale.
 */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type Coverage, coverage } from "#models/onnx/import/coverage";
import { signatureOf } from "#models/onnx/import/signature";
import type { NodeDefinition } from "#nodes/core/node";
import type { Port } from "#nodes/core/ports";

const root = fileURLToPath(new URL("..", import.meta.url));
const notCategories = ["core", "graph", "templates"];
const camel = (name: string): string => name.replace(/-(\w)/g, (_, c: string) => c.toUpperCase());

const types: { type: string; category: string; file: string; local: string }[] = [];
for (const entry of (await readdir(`${root}/nodes`, { withFileTypes: true })).sort((a, b) =>
  a.name < b.name ? -1 : 1,
)) {
  if (!entry.isDirectory() || notCategories.includes(entry.name)) continue;
  for (const name of (await readdir(`${root}/nodes/${entry.name}`)).sort()) {
    if (!name.endsWith(".ts") || name.includes(".test")) continue;
    const file = name.slice(0, -3);
    types.push({ type: `${entry.name}.${file}`, category: entry.name, file, local: camel(`${entry.name}-${file}`) });
  }
}

const registry = `// Written by scripts/gen.ts from the folders. Do not edit.
${types.map(({ category, file, local }) => `import { ${camel(file)} as ${local} } from "./${category}/${file}";`).join("\n")}

export const registry = {
${types.map(({ type, local }) => `  "${type}": ${local},`).join("\n")}
};
`;

const models = (await readdir(`${root}/models/checkpoints`)).filter((name) => name.endsWith(".onnx")).sort();
const signatures = await Promise.all(
  models.map(async (name) => {
    const bytes = await readFile(`${root}/models/checkpoints/${name}`);
    return `  "${name.slice(0, -5)}": ${JSON.stringify(await signatureOf({ size: bytes.length, read: async (start, end) => bytes.subarray(start, end) }))},\n`;
  }),
);
const shipped = `// Written by scripts/gen.ts from models/checkpoints. Do not edit.
import type { Signature } from "./onnx/import/signature";

/** The ports of the ONNX models that ship with Patchbay, so that the editor need not read them. */
export const shippedModels: Readonly<Record<string, Signature>> = {
${signatures.join("")}};
`;
// Nodes read this table, so it is written before they are loaded.
let stale = false;
const write = async (path: string, text: string): Promise<void> => {
  if ((await readFile(`${root}/${path}`, "utf8").catch(() => "")) === text) return;
  stale = true;
  if (!process.argv.includes("--check")) await writeFile(`${root}/${path}`, text);
  console.log(process.argv.includes("--check") ? `${path} is stale: run npm run gen.` : `wrote ${path}`);
};
await write("models/shipped.gen.ts", shipped);

const definitions = await Promise.all(
  types.map(async ({ category, file, type }) => {
    const definition = ((await import(`../nodes/${category}/${file}.ts`)) as Record<string, NodeDefinition>)[
      camel(file)
    ];
    if (definition?.type !== type)
      throw new Error(
        `nodes/${category}/${file}.ts must export ${camel(file)} with the type "${type}"; found ${definition?.type ?? "nothing"}.`,
      );
    return definition;
  }),
);
const port = ([name, p]: [string, Port]): string =>
  `| \`${name}\` | ${p.type}${p.shape ? ` [${p.shape.join(", ")}]` : ""}${p.dtype ? ` ${p.dtype}` : ""}${p.optional ? ", optional" : ""}${p.many ? ", any number" : ""} | ${p.doc ?? ""} |`;
const page = (d: NodeDefinition): string => `### ${d.title} · \`${d.type}\`

${d.description}${d.docs ? `\n\n${d.docs}` : ""}
${d.ports ? "\nMore ports follow from its parameters.\n" : ""}${Object.keys(d.inputs).length ? `\n| input | type | |\n| --- | --- | --- |\n${Object.entries<Port>(d.inputs).map(port).join("\n")}\n` : ""}${Object.keys(d.outputs).length ? `\n| output | type | |\n| --- | --- | --- |\n${Object.entries<Port>(d.outputs).map(port).join("\n")}\n` : ""}`;
const docs = `# Nodes

Written by \`npm run gen\` from the node files. Shapes: a capital letter is a size that is equal wherever it occurs in one node, \`$name\` a parameter, \`*\` any size.

${[...new Set(types.map((t) => t.category))]
  .map(
    (category) =>
      `## ${category}\n\n${definitions
        .filter((d) => d.type.startsWith(`${category}.`))
        .map(page)
        .join("\n")}`,
  )
  .join("\n")}`;

const words = { rule: "yes", none: "stops here", unwritten: "not written" };
const written = (as: Coverage["written"]): string =>
  as === "several" ? "as several ops" : as.join(", ") || "as a constant";
const ops = `# Ops

Written by \`npm run gen\` from \`models/onnx/ops\`, \`models/onnx/gradients\` and \`models/onnx/import\`. What a graph may be made of and an imported file may hold, whether training passes it, and what stands for it in the ONNX files that are written (opset 21).
Every shape and every gradient is checked against ONNX Runtime in \`models/onnx/ops.test.ts\`.

| op | gradient | in ONNX |
| --- | --- | --- |
${coverage()
  .map((entry) => `| ${entry.op} | ${words[entry.gradient]} | ${written(entry.written)} |`)
  .join("\n")}
`;

await write("nodes/registry.gen.ts", registry);
await write("docs/nodes.md", docs);
await write("docs/ops.md", ops);
process.exit(stale && process.argv.includes("--check") ? 1 : 0);
