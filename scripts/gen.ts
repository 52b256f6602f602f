/**
 * Writes what follows from the code: nodes/registry.gen.ts, models/shipped.gen.ts,
 * models/architectures/families.gen.ts, app/_editor/previews/views.gen.ts, docs/nodes.md, docs/ops.md and
 * docs/templates/, and the tables and charts of docs/systems/. `--check` writes nothing and fails when they are stale.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { claimsPages } from "./gen/claims-pages";
import { familiesModule } from "./gen/families";
import { loadNode, nodeFiles } from "./gen/node-files";
import { nodesPage } from "./gen/nodes-page";
import { opsPage } from "./gen/ops-page";
import { registryModule } from "./gen/registry";
import { shippedModels } from "./gen/shipped-models";
import { templatePages } from "./gen/template-pages";
import { viewsModule } from "./gen/views";
import { root } from "./installation.mjs";

const isCheck = process.argv.includes("--check");
let isStale = false;

// Nodes read these tables, so they are written before nodes are loaded.
await update("models/shipped.gen.ts", await shippedModels());
await update("models/architectures/families.gen.ts", await familiesModule());
await update("app/_editor/previews/views.gen.ts", await viewsModule());
const files = await nodeFiles();
await update("nodes/registry.gen.ts", registryModule(files));
const definitions = await Promise.all(files.map(loadNode));
await update("docs/nodes.md", nodesPage(files, definitions));
await update("docs/ops.md", opsPage());
for (const [path, text] of await templatePages(definitions)) await update(path, text);
for (const [path, text] of await claimsPages()) await update(path, text);
process.exit(isStale && isCheck ? 1 : 0);

async function update(path: string, text: string): Promise<void> {
  const file = `${root}/${path}`;
  if ((await readFile(file, "utf8").catch(() => "")) === text) return;
  isStale = true;
  if (isCheck) return console.log(`${path} is stale: run npm run gen.`);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  console.log(`wrote ${path}`);
}
