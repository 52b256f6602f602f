/** What `patchbay model` does: a folder, tensors, a call; its results by transformers' names. */
import type { Options } from "#models/architectures/core/architecture";
import { Failure } from "../../errors";
import { type ForwardResult, runForward, type Tensors } from "./forward";
import { runGenerate } from "./generate";
import { type FolderOptions, openModelFolder } from "./model-folder";

export const calls = ["forward", "generate"] as const;

export interface ModelCall extends FolderOptions {
  call: string;
  inputs: Tensors;
  /** The arguments that are no tensors, by transformers' names. */
  options?: Options;
}

export async function runModel(folder: string, { call, inputs, options, ...where }: ModelCall): Promise<ForwardResult> {
  const model = await openModelFolder(folder, where);
  if (call === "forward") return runForward(model, inputs, options);
  if (call === "generate") return runGenerate(model, inputs, options);
  throw new Failure({ message: `There is no call “${call}”.`, hint: `Calls are ${calls.join(" and ")}.` });
}
