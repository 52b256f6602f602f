import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Command } from "commander";
import type { Host } from "#nodes/core/host";
import { inFileName } from "#nodes/graph/composites";
import type { CompiledModel } from "../compile";
import { env } from "../env";
import { secretsOfEnvironment } from "../hub/held-secrets";
import { type Blobs, openBlobs } from "../storage/blobs";
import { Usage } from "../usage";
import { setOption, withAssignments } from "./assignments";
import { openGraph } from "./graph-file";
import { graphArgument } from "./options";
import { jsonOption, printJson, reportProblems, say } from "./output";
import { makeFolder } from "./write-outputs";

interface CompileOptions {
  out: string;
  set: string[];
  weights?: string;
  json?: boolean;
}

export function compileCommand(): Command {
  return new Command("compile")
    .argument(...graphArgument)
    .requiredOption("--out <dir>", "where the models go")
    .addOption(setOption())
    .option("--weights <file>", "writes the parameters of a .safetensors file into the models")
    .addOption(jsonOption())
    .description("Writes the ONNX models that a graph becomes, with a symbolic batch.")
    .action(compileGraph);
}

async function compileGraph(name: string, options: CompileOptions): Promise<void> {
  const opened = await openGraph(name);
  if (!opened.document) return reportProblems(opened.problems, options.json);
  const { compile } = await import("../compile");
  const blobs = openBlobs(join(env().data, "blobs"));
  const weights = options.weights === undefined ? undefined : await readWeights(options.weights);
  const document = await withAssignments(opened.document, options.set, blobs);
  const compiled = await compile(document, { weights, hostFor: await hostsOn(blobs) });
  if ("problems" in compiled) return reportProblems(compiled.problems, options.json);
  await makeFolder(options.out);
  const written = await writeModels(compiled.models, options.out);
  if (options.json) return printJson({ status: "done", models: written });
  for (const { file, nodes } of written) console.log(`${file}: ${nodes.join(", ")}`);
}

function readWeights(path: string): Promise<Uint8Array> {
  return readFile(path).catch(() => {
    throw new Usage(`--weights names the file “${path}”, which cannot be read.`);
  });
}

/** Hosts for nodes that load what they build from. */
async function hostsOn(blobs: Blobs): Promise<(nodeId: string) => Host> {
  const { createHost } = await import("../runtime/host/create-host");
  const { data, folders } = env();
  return (nodeId) =>
    createHost({
      blobs,
      cacheDir: join(data, "cache"),
      signal: new AbortController().signal,
      folders,
      secrets: secretsOfEnvironment(data),
      nodeId,
      seed: 0,
      onProgress: () => {},
      onWarn: say,
    });
}

async function writeModels(
  models: readonly CompiledModel[],
  out: string,
): Promise<{ file: string; nodes: string[]; bytes: number }[]> {
  const written = [];
  for (const { name, nodes, model } of models) {
    const file = resolve(out, `${inFileName(name)}.onnx`);
    await writeFile(file, model);
    written.push({ file, nodes, bytes: model.byteLength });
  }
  return written;
}
