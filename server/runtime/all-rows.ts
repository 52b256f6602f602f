/** Values that something needs with all their rows at once. */
import { namesOf } from "#nodes/core/wording";
import type { Endpoint } from "#nodes/graph/document";
import { endpointKey, type ResolvedGraph, type ResolvedNode } from "#nodes/graph/resolve";
import { Failure } from "../errors";
import { bytesText } from "../runtime-failures";
import { memoryLimit } from "./memory";

/** Rows that something needs all at once, and that do not fit. */
export function refuseTooManyRows(graph: ResolvedGraph, from: Endpoint, rows: number, bytes: number): void {
  const limit = memoryLimit();
  if (bytes <= limit) return;
  const { title } = (graph.nodes.get(from.node) as ResolvedNode).definition;
  const readers = wholeReaders(graph, from);
  const by = readers.length ? ` by ${namesOf(readers.map((reader) => reader.title))}` : "";
  throw new Failure({
    node: from.node,
    port: from.port,
    message:
      `All ${rows.toLocaleString("en")} rows of ${title} (${endpointKey(from)}) are needed at once${by}; ` +
      `they take ${bytesText(bytes)}, and runs may hold ${bytesText(limit)}.`,
    hint: hintOf(
      readers,
      "Take fewer rows, such as every tenth, make them smaller, or give runs more memory with PATCHBAY_MEMORY.",
    ),
  });
}

/** The nodes that read an output and say why they need all of its rows. */
export function wholeReaders(graph: ResolvedGraph, from: Endpoint): { title: string; why: string }[] {
  const name = endpointKey(from);
  return [...graph.nodes.values()].flatMap(({ inputs, definition: { title, allRows: why } }) => {
    const sources = Object.values(inputs).flat();
    return why !== undefined && sources.some((source) => endpointKey(source) === name) ? [{ title, why }] : [];
  });
}

/** Why the readers need all rows, and what to do. */
export const hintOf = (readers: readonly { why: string }[], remedy: string): string =>
  [...readers.map(({ why }) => why), remedy].join(" ");
