/** How many rows a chunk has. */
import { bindDim } from "#models/onnx/dim";
import type { Dim } from "#models/onnx/graph";
import type { Endpoint } from "#nodes/graph/document";
import { anySize } from "#nodes/graph/bindings";
import type { Types } from "#nodes/graph/infer";
import type { ResolvedGraph } from "#nodes/graph/resolve";
import { nodesOfStep, type Stream } from "#nodes/graph/streams";
import { env } from "../env";
import { widthOf } from "./values";

/** How many items a row is taken to have before it is known: as many as the tiles of a large picture. */
const usualItems = 8;

/** Texts and addresses, whose length is not known, and rows that are short: no more of them than lists are cut into. */
const mostRows = 2 ** 14;

/** What is taken for the bytes of a row before there is one. */
export interface Estimate {
  /** Numbers of sizes that are symbols in types, by `sizeName`. */
  sizes?: Readonly<Record<string, number>>;
  /** What each other size is taken to be; or all others of a row together. */
  otherSize?: number;
  otherElements?: number;
  /** How many items a row is taken to have, where it has any number of them. */
  items?: number;
}

/** As many rows of a stream as fit into a chunk where they are widest. */
export function chunkRowsOf(
  stream: Stream,
  graph: ResolvedGraph,
  types: Types,
  rows: number,
  { chunkBytes = env().chunk, ...estimate }: Estimate & { chunkBytes?: number } = {},
): number {
  const ids = stream.steps.flatMap(({ step }) => nodesOfStep(step));
  const read = ids.flatMap((id) => Object.values(graph.nodes.get(id)?.inputs ?? {}).flat());
  const given = ids.flatMap((node) => Object.keys(types[node]?.out ?? {}).map((port) => ({ node, port })));
  const widths = [...read, ...given].map((endpoint) => rowBytesOf(endpoint, types, { items: usualItems, ...estimate }));
  const widest = Math.max(1, ...widths);
  const fitting = Math.min(mostRows, Math.floor(chunkBytes / widest));
  // Rows that meet in a node stay together.
  const together = ids.reduce((count, id) => commonMultiple(count, graph.nodes.get(id)?.definition.batch ?? 1), 1);
  return Math.max(1, Math.min(rows, Math.max(together, fitting - (fitting % together))));
}

function commonMultiple(one: number, other: number): number {
  let multiple = one;
  while (multiple % other) multiple += one;
  return multiple;
}

/** What a size that is a symbol is called: one that may be anything is that of an axis of an output alone. */
export const sizeName = ({ node, port }: Endpoint, axis: number, size: string): string =>
  size === anySize ? `${node}.${port}${axis}` : size;

/** The bytes of one row, as far as sizes are known before the run. */
export function rowBytesOf({ node, port }: Endpoint, types: Types, { items = 1, ...estimate }: Estimate = {}): number {
  const { type, dtype, shape = [], packed } = types[node]?.out[port] ?? {};
  if (type !== "image" && type !== "tensor") return 0;
  if (type === "image" && shape.slice(1).filter((size) => typeof size === "number").length < 2) return 0; // files
  const sizes = shape
    .slice(1)
    .map((size, i) => numberOf(size, sizeName({ node, port }, i + 1, String(size)), estimate));
  const known = sizes.filter((size) => size !== undefined);
  const { otherSize = 1, otherElements = otherSize ** (sizes.length - known.length) } = estimate;
  const width = type === "image" ? 3 : widthOf(dtype ?? "float32");
  const bytes = known.reduce((product, size) => product * size, packed === undefined ? width : width * items);
  return known.length < sizes.length ? bytes * otherElements : bytes;
}

function numberOf(size: Dim, name: string, { sizes = {} }: Estimate): number | undefined {
  const number = sizes[name] ?? (size === anySize ? size : bindDim(size, sizes));
  return typeof number === "number" ? number : undefined;
}
