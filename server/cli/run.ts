import { Command } from "commander";
import type { ExecuteResult } from "../runtime/execute";
import { setOption, withAssignments } from "./assignments";
import { openEngine, providerOption, usingCache } from "./engine";
import { openGraph } from "./graph-file";
import { graphArgument, repeatable } from "./options";
import { errorLine, jsonOption, printJson, reportProblems, say, sayProblem } from "./output";
import { makeFolder, type ShownOutputs, writeOutputs } from "./write-outputs";

interface RunOptions {
  set: string[];
  out?: string;
  target: string[];
  provider: string;
  json?: boolean;
}

export function runCommand(): Command {
  return new Command("run")
    .argument(...graphArgument)
    .addOption(setOption())
    .option("--out <dir>", "writes files and tensors there")
    .addOption(repeatable("--target <node>", "computes only what this node needs"))
    .addOption(providerOption())
    .addOption(jsonOption())
    .description("Runs a graph; trainings too.")
    .action(usingCache(runGraph));
}

async function runGraph(name: string, options: RunOptions): Promise<void> {
  const opened = await openGraph(name);
  if (!opened.document) return reportProblems(opened.problems, options.json);
  const engine = openEngine(options);
  const document = await withAssignments(opened.document, options.set, engine.blobs);
  const { execute } = await import("../runtime/execute");
  if (options.out) await makeFolder(options.out);
  const targets = options.target.length ? options.target : undefined;
  const result = await execute({ ...engine, document, targets });
  const outputs = await writeOutputs(result.outputs, options.out, engine.blobs);
  if (result.status !== "done") process.exitCode = 1;
  if (options.json) printResult(result, outputs);
  else sayResult(result, outputs);
}

function printResult(result: ExecuteResult, outputs: ShownOutputs): void {
  const { status, ran, cached, timings, provider, problems, warnings, error } = result;
  printJson({
    status,
    outputs,
    ran,
    cached,
    timings,
    provider,
    ...(problems.length ? { problems } : {}),
    ...(warnings.length ? { warnings } : {}),
    ...(error ? { error } : {}),
  });
}

function sayResult({ status, ran, cached, problems, error }: ExecuteResult, outputs: ShownOutputs): void {
  problems.forEach(sayProblem);
  if (error && !problems.some(({ message }) => message === error.message)) say(errorLine(error));
  for (const [node, ports] of Object.entries(outputs)) {
    for (const [port, value] of Object.entries(ports)) {
      if (typeof value === "number") console.log(`${node}.${port} = ${value}`);
    }
  }
  say(`${status}: ran ${ran.length} nodes, ${cached.length} from the cache.`);
}
