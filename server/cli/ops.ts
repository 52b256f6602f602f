import { Command } from "commander";
import { coverage } from "#models/onnx/import/coverage";
import { jsonOption, printJson } from "./output";

export function opsCommand(): Command {
  return new Command("ops")
    .addOption(jsonOption())
    .description("The ops that a graph may be made of and an imported file may hold, and which of them train.")
    .action(listOps);
}

function listOps(options: { json?: boolean }): void {
  const ops = coverage().map(({ op, gradient }) => ({ op, shape: true, gradient }));
  if (options.json) printJson(ops);
  else for (const { op, gradient } of ops) console.log(`${op.padEnd(24)} ${gradient}`);
}
