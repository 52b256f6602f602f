/** What a training holds in memory, told before the first step when it is more than runs may hold. */
import type { Parameter } from "#models/onnx/graph";
import type { Program } from "#models/train/program";
import type { ResolvedGraph } from "#nodes/graph/resolve";
import { Failure } from "../../errors";
import { bytesText } from "../../runtime-failures";
import { memoryLimit } from "../memory";

export interface Holding {
  program: Program;
  /** Everything that the stage has numbers of, also where it is frozen and runs outside of the step. */
  parameters: readonly Parameter[];
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
  const { program, parameters, rowBytes, batchBytes, batches } = holding;
  const { training, frozen } = weightBytes(program, parameters);
  return refuseRoom(graph, node, [
    ["parameters, gradients and the optimizer's state", training],
    ["parameters that stay frozen", frozen],
    ["rows that it draws again", rowBytes],
    ["batches", batches * batchBytes],
  ]);
}

/** Refuses a training that would hold more than runs may, part by part; gives the bytes of all of them. */
export function refuseRoom(graph: ResolvedGraph, node: string, parts: readonly (readonly [string, number])[]): number {
  const bytes = parts.reduce((sum, [, part]) => sum + part, 0);
  const limit = memoryLimit();
  if (bytes <= limit) return bytes;
  const list = parts.flatMap(([name, part]) => (part ? [`${bytesText(part)} of ${name}`] : [])).join(", ");
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

/** What goes round with a gradient for each number that trains, and what is frozen, wherever it runs. */
function weightBytes(
  { parts, states, trained }: Program,
  parameters: readonly Parameter[],
): { training: number; frozen: number } {
  const sizes = new Map<string, number>();
  const sizeOf = (shape: readonly unknown[]) => shape.reduce<number>((size, length) => size * Number(length), 4);
  const inSteps = Object.values(parts).flatMap(({ graph }) => graph.parameters);
  for (const { name, value } of [...inSteps, ...parameters]) sizes.set(name, sizeOf(value.shape));
  for (const { name, shape } of states) sizes.set(name, sizeOf(shape));
  const total = (names: Iterable<string>) => [...names].reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
  const goingRound = new Set([...states.map(({ name }) => name), ...trained]);
  const frozen = [...sizes.keys()].filter((name) => !goingRound.has(name));
  return { training: total(goingRound) + total(trained), frozen: total(frozen) };
}
