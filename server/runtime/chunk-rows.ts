/** How many rows a chunk has. */
import type { Endpoint } from "#nodes/graph/document";
import type { Types } from "#nodes/graph/infer";
import type { ResolvedGraph } from "#nodes/graph/resolve";
import { nodesOfStep, type Stream } from "#nodes/graph/streams";
import { env } from "../env";
import { widthOf } from "./values";

/** How many items a row is taken to have before it is known: as many as the tiles of a large picture. */
const usualItems = 8;

/** As many rows of a stream as fit into a chunk where they are widest. */
export function chunkRowsOf(
  stream: Stream,
  graph: ResolvedGraph,
  types: Types,
  rows: number,
  chunkBytes = env().chunk,
): number {
  const ids = stream.steps.flatMap(({ step }) => nodesOfStep(step));
  const read = ids.flatMap((id) => Object.values(graph.nodes.get(id)?.inputs ?? {}).flat());
  const given = ids.flatMap((node) => Object.keys(types[node]?.out ?? {}).map((port) => ({ node, port })));
  const widest = Math.max(1, ...[...read, ...given].map((endpoint) => rowBytesOf(endpoint, types, usualItems)));
  const fitting = Math.floor(chunkBytes / widest);
  // Rows that meet in a node stay together.
  const together = ids.reduce((count, id) => commonMultiple(count, graph.nodes.get(id)?.definition.batch ?? 1), 1);
  return Math.max(1, Math.min(rows, Math.max(together, fitting - (fitting % together))));
}

function commonMultiple(one: number, other: number): number {
  let multiple = one;
  while (multiple % other) multiple += one;
  return multiple;
}

/** The bytes of one row, as far as sizes are known before the run; of a packed one as of so many items. */
export function rowBytesOf({ node, port }: Endpoint, types: Types, items = 1): number {
  const { type, dtype, shape = [], packed } = types[node]?.out[port] ?? {};
  if (type !== "image" && type !== "tensor") return 0;
  const sizes = shape.slice(1).filter((size) => typeof size === "number");
  if (type === "image" && sizes.length < 2) return 0; // files, of sizes of their own
  const width = type === "image" ? 3 : widthOf(dtype ?? "float32");
  return sizes.reduce((bytes, size) => bytes * size, packed === undefined ? width : width * items);
}
