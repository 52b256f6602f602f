import { Command } from "commander";
import { writeIndex } from "../registries/write-index";
import { Usage } from "../usage";
import { jsonOption, printJson, say } from "./output";

export function registryCommand(): Command {
  return new Command("registry")
    .argument("<folder>", "a folder of bundles of templates")
    .requiredOption("--title <text>", "what the registry is called")
    .addOption(jsonOption())
    .description("Checks the bundles of a folder and writes their index: other installations may subscribe to it then.")
    .action(writeRegistry);
}

async function writeRegistry(folder: string, { title, json }: { title: string; json?: boolean }): Promise<void> {
  const index = await writeIndex(folder, title).catch((error: NodeJS.ErrnoException) => {
    throw error.code === "ENOENT" || error.code === "ENOTDIR" ? new Usage(`There is no folder “${folder}”.`) : error;
  });
  if (json) return printJson(index);
  for (const { title: name, version, file } of index.templates) say(`${name}, version ${version}: ${file}`);
}
