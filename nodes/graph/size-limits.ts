/** What is wrong with graphs that are larger than a stranger may send. */
import { limits } from "./document";
import { errorProblem, type Problem } from "./problem";

/** What is wrong with a graph of so many bytes. */
export function tooLarge(bytes: number): Problem {
  const size = Number.isNaN(bytes) ? "an unknown size" : `${Math.ceil(bytes / 2 ** 20)} MiB`;
  return errorProblem(
    "too-large",
    `The graph has ${size}; ${limits.bytes / 2 ** 20} MiB is the limit.`,
    "Keep data in datasets and uploads, not in parameters.",
  );
}

/** What is wrong with a graph of so many nodes or wires; nothing while it is within the limits. */
export function tooMany(nodes: number, wires: number): Problem | undefined {
  const counts = [
    { what: "nodes", count: nodes, limit: limits.nodes },
    { what: "wires", count: wires, limit: limits.wires },
  ];
  const over = counts.find(({ count, limit }) => count > limit);
  if (!over) return undefined;
  const { what, count, limit } = over;
  return errorProblem(
    "too-large",
    `The graph has ${count} ${what}; ${limit} is the limit.`,
    "Split it into several graphs.",
  );
}
