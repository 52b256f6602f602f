/** The engine without browser or server. Exit status: 0, 1 for problems in the graph or the run, 2 for wrong usage. */
import { Command, CommanderError } from "commander";
import { chatCommand } from "./cli/chat";
import { checkCommand } from "./cli/check";
import { cleanCommand } from "./cli/clean";
import { compileCommand } from "./cli/compile";
import { fetchCommand } from "./cli/fetch";
import { modelCommand } from "./cli/model";
import { nodesCommand } from "./cli/nodes";
import { opsCommand } from "./cli/ops";
import { errorLine, printJson, say } from "./cli/output";
import { packCommand } from "./cli/pack";
import { registryCommand } from "./cli/registry";
import { runCommand } from "./cli/run";
import { sweepCommand } from "./cli/sweep";
import { templatesCommand } from "./cli/templates";
import { unpackCommand } from "./cli/unpack";
import { userCommand } from "./cli/user";
import { toPublic } from "./errors";
import { Usage } from "./usage";

const commands = [
  checkCommand,
  runCommand,
  sweepCommand,
  compileCommand,
  modelCommand,
  chatCommand,
  nodesCommand,
  opsCommand,
  templatesCommand,
  packCommand,
  unpackCommand,
  registryCommand,
  fetchCommand,
  cleanCommand,
  userCommand,
] as const;

const program = new Command("patchbay").description("Checks, runs and compiles graphs.");
for (const command of commands) program.addCommand(command());
for (const command of [program, ...program.commands])
  command.exitOverride().showHelpAfterError("(patchbay --help shows what there is)");

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = tellError(error);
}
// A native session may hold the loop open; what had to be written has been awaited.
process.stdout.write("", () => process.exit());

/** Says what went wrong, and gives the exit status that says it to a script. */
function tellError(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2; // it has spoken already
  if (error instanceof Usage) {
    say(error.message);
    return 2;
  }
  const { message, hint } = toPublic(error);
  if (process.argv.includes("--json")) printJson({ status: "failed", error: { message, hint } });
  else say(errorLine({ message, hint }));
  if (process.env.PATCHBAY_DEBUG) console.error(error);
  return 1;
}
