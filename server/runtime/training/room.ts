/** What a training holds in memory, told before the first step when it is more than runs may hold. */
import type { Program } from "#models/train/program";
import type { ResolvedGraph } from "#nodes/graph/resolve";
import { Failure } from "../../errors";
import { bytesText } from "../../runtime-failures";
import { memoryLimit } from "../memory";

export interface Holding {
  program: Program;
  /** Rows that stay in memory, and those of the frozen part. */
  rowBytes: number;
  /** One batch, and how many there are at a time. */
  batchBytes: number;
  batches: number;
}

/**
 * Refuses a training that cannot fit, or gives the bytes that are counted. What its ops hold between them comes on top,
 * and is not known.
 */
export function countRoom(graph: ResolvedGraph, node: string, holding: Holding): number {
  const { program, rowBytes, batchBytes, batches } = holding;
  const parts: [name: string, bytes: number][] = [
    ["parameters, gradients and the optimizer's state", stateBytes(program)],
    ["rows that it draws again", rowBytes],
    ["batches", batches * batchBytes],
  ];
  const bytes = parts.reduce((sum, [, part]) => sum + part, 0);
  const limit = memoryLimit();
  if (bytes <= limit) return bytes;
  const list = parts.map(([name, part]) => `${bytesText(part)} of ${name}`).join(", ");
  const { title = node } = graph.nodes.get(node)?.definition ?? {};
  throw new Failure({
    node,
    lack: "memory",
    message: `${title} would hold ${bytesText(bytes)} and more: ${list}; runs may hold ${bytesText(limit)}.`,
    hint:
      "Train fewer parameters (Freeze, LoRA, a smaller model), take smaller batches or an optimizer with less state, " +
      "such as SGD, or give runs more memory with PATCHBAY_MEMORY.",
  });
}

/** Everything that goes round, a gradient for each number that trains, and what is frozen. */
function stateBytes({ parts, states, trained }: Program): number {
  const sizes = new Map<string, number>();
  const sizeOf = (shape: readonly unknown[]) => shape.reduce<number>((size, length) => size * Number(length), 4);
  for (const { graph } of Object.values(parts)) {
    for (const { name, value } of graph.parameters) sizes.set(name, sizeOf(value.shape));
  }
  for (const { name, shape } of states) sizes.set(name, sizeOf(shape));
  const gradients = trained.reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
  return [...sizes.values()].reduce((sum, bytes) => sum + bytes, gradients);
}
