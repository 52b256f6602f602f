import { readFile, writeFile } from "node:fs/promises";
import { Command } from "commander";
import { safetensorsParts } from "#models/files/safetensors";
import type { Options } from "#models/architectures/core/architecture";
import { Usage } from "../usage";
import { jsonOption, printJson, say } from "./output";

interface ModelOptions {
  inputs: string;
  out: string;
  call: string;
  options?: string;
  weights?: string;
  class?: string;
  json?: boolean;
}

export function modelCommand(): Command {
  return new Command("model")
    .argument("<folder>", "a folder that transformers saved, or an adapter's")
    .requiredOption("--inputs <file>", "a .safetensors file with the inputs, named as transformers' forward names them")
    .requiredOption("--out <file>", "the .safetensors file that the outputs go to")
    .option("--call <name>", "forward or generate", "forward")
    .option("--options <json>", 'arguments that are no tensors, such as {"output_hidden_states": true}')
    .option("--weights <folder>", "the folder that holds the weights, where it is another one")
    .option("--class <name>", "another class of transformers than config.json names")
    .addOption(jsonOption())
    .description("Runs a Hugging Face model on tensors.")
    .action(runModelCommand);
}

async function runModelCommand(folder: string, options: ModelOptions): Promise<void> {
  const { tensorsIn, tensorToWrite } = await import("../runtime/hugging-face/tensor-files");
  const { runModel } = await import("../runtime/hugging-face/run-model");
  const inputs = tensorsIn(await readInputs(options.inputs));
  const { outputs, left } = await runModel(folder, {
    call: options.call,
    inputs,
    options: optionsOf(options.options),
    weights: options.weights,
    className: options.class,
  });
  for (const [path, reason] of Object.entries(left)) say(`left out ${path}: ${reason}`);
  const tensors = Object.entries(outputs).map(([name, tensor]) => tensorToWrite(name, tensor));
  await writeFile(options.out, safetensorsParts(tensors));
  const shapes = Object.fromEntries(Object.entries(outputs).map(([name, { shape }]) => [name, shape]));
  if (options.json) return printJson({ status: "done", outputs: shapes, left });
  for (const [name, shape] of Object.entries(shapes)) console.log(`${name}: [${shape.join(", ")}]`);
}

function readInputs(path: string): Promise<Uint8Array> {
  return readFile(path).catch(() => {
    throw new Usage(`--inputs names the file “${path}”, which cannot be read.`);
  });
}

function optionsOf(text: string | undefined): Options {
  if (text === undefined) return {};
  try {
    const options: unknown = JSON.parse(text);
    if (typeof options === "object" && options !== null && !Array.isArray(options)) return options as Options;
  } catch {
    // Said below.
  }
  throw new Usage('--options takes an object of JSON, such as {"output_hidden_states": true}.');
}
