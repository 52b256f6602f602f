/**
 * A process that runs a graph in a folder and is killed (SIGKILL) in the middle of it: when a trainer has told of a
 * step. `training-child.ts FOLDER`; the graph and the moment come on stdin.
 */
import { readFileSync } from "node:fs";
import type { GraphDocument } from "#nodes/graph/document";
import { runDocument } from "./graphs";

export interface ToBeKilled {
  document: GraphDocument;
  targets: string[];
  /** The trainer, and the step that is told last. */
  node: string;
  step: number;
}

const { document, targets, node, step } = JSON.parse(readFileSync(0, "utf8")) as ToBeKilled;
const { error } = await runDocument(document, process.argv[2] ?? "", {
  targets,
  onEvent: (event) => {
    if (event.kind === "metric" && event.node === node && event.step === step) process.kill(process.pid, "SIGKILL");
  },
});
throw new Error(error?.message ?? `${node} never told of step ${step}`);
