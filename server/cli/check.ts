import { Command } from "commander";
import { check } from "#nodes/graph/check";
import { openGraph } from "./graph-file";
import { graphArgument } from "./options";
import { jsonOption, printJson, say, sayProblem } from "./output";

export function checkCommand(): Command {
  return new Command("check")
    .argument(...graphArgument)
    .addOption(jsonOption())
    .description("Types, shapes, parameters and wires, without running anything.")
    .action(checkGraph);
}

async function checkGraph(name: string, options: { json?: boolean }): Promise<void> {
  const opened = await openGraph(name);
  const problems = opened.document ? check(opened.document).problems : opened.problems;
  const hasErrors = problems.some(({ severity }) => severity === "error");
  if (hasErrors) process.exitCode = 1;
  if (options.json) return printJson({ status: hasErrors ? "failed" : "done", problems });
  problems.forEach(sayProblem);
  if (!hasErrors) say(`${name}: no errors.`);
}
