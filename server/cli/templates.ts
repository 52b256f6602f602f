import { Command } from "commander";
import { listTemplates } from "../templates";
import { jsonOption, printJson } from "./output";

export function templatesCommand(): Command {
  return new Command("templates").addOption(jsonOption()).description("The graphs to start from.").action(list);
}

async function list(options: { json?: boolean }): Promise<void> {
  const templates = await listTemplates();
  if (options.json) return printJson(templates);
  for (const { id, description } of templates) console.log(`${id.padEnd(24)} ${description}`);
}
