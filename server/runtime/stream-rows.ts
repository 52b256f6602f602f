/** How many rows a stream has, and how many of them a chunk. */
import type { Endpoint } from "#nodes/graph/document";
import { endpointKey, type ResolvedNode } from "#nodes/graph/resolve";
import { nodesOfStep, type RowStep, type Stream } from "#nodes/graph/streams";
import { Failure } from "../errors";
import { chunkRowsOf } from "./chunk-rows";
import type { StepContext } from "./steps";

/** A stream whose rows are counted and cut into chunks. */
export interface OpenStream {
  context: StepContext;
  rows: number;
  chunkRows: number;
  /** The steps by the nodes in them, in the order in which they stand. */
  steps: ReadonlyMap<string, RowStep>;
}

export async function openStream(stream: Stream, context: StepContext): Promise<OpenStream> {
  const { graph, types, options } = context;
  const rows = await rowsOfStream(stream, context);
  const chunkRows = chunkRowsOf(stream, graph, types, rows, options.chunkBytes);
  const steps = stream.steps.flatMap((rowStep) => nodesOfStep(rowStep.step).map((id) => [id, rowStep] as const));
  return { context, rows, chunkRows, steps: new Map(steps) };
}

export const nodeOf = ({ context }: OpenStream, id: string): ResolvedNode =>
  context.graph.nodes.get(id) as ResolvedNode;

/** The rows of everything that comes into the stream in rows: the same for all. */
async function rowsOfStream(stream: Stream, context: StepContext): Promise<number> {
  const inside = new Set(stream.steps.flatMap(({ step }) => nodesOfStep(step)));
  const counts = new Map<string, number>();
  for (const from of outsideRows(stream, context, inside)) {
    counts.set(endpointKey(from), await context.results.rowCount(from));
  }
  return commonCount(counts);
}

/** Everything that comes into the stream in rows. */
function outsideRows(stream: Stream, { graph }: StepContext, inside: ReadonlySet<string>): Endpoint[] {
  const found = new Map<string, Endpoint>();
  for (const { step, rows } of stream.steps) {
    const read = nodesOfStep(step).flatMap((id) => Object.values(graph.nodes.get(id)?.inputs ?? {}).flat());
    for (const from of read) {
      if (rows.has(endpointKey(from)) && !inside.has(from.node)) found.set(endpointKey(from), from);
    }
  }
  return [...found.values()];
}

function commonCount(counts: ReadonlyMap<string, number>): number {
  const [[name, rows] = ["", 0], ...others] = counts;
  const other = others.find(([, count]) => count !== rows);
  if (other)
    throw new Failure({
      message: `${name} has ${rows} rows and ${other[0]} has ${other[1]}, and both go through the same nodes.`,
      hint: "Wire values of the same data, row by row.",
    });
  return rows;
}
