/** How many rows a stream has, and how many of them a chunk. */
import type { Endpoint } from "#nodes/graph/document";
import { endpointKey, type ResolvedNode } from "#nodes/graph/resolve";
import { nodesOfStep, type RowStep, type Stream } from "#nodes/graph/streams";
import { Failure } from "../errors";
import { chunkRowsOf, type Estimate } from "./chunk-rows";
import type { Seed } from "./data-threads/task";
import type { StepContext } from "./steps";

export type CommonSizes = ReadonlyMap<string, readonly number[]>;

/** A stream whose rows are counted and cut into chunks. */
export interface OpenStream {
  context: StepContext;
  rows: number;
  chunkRows: number;
  /** The steps by the nodes in them, in the order in which they stand. */
  steps: ReadonlyMap<string, RowStep>;
  /** The sizes that types know as symbols and that were found out. */
  sizes: NonNullable<Estimate["sizes"]>;
  /** By node: the sizes that all rows have in common, where its results follow from which rows meet. */
  common: CommonSizes;
}

/** How long rows are taken to be that are padded to the longest, before it is known. */
const usualLength = 128;

export async function openStream(stream: Stream, context: StepContext): Promise<OpenStream> {
  const { graph, types, options } = context;
  const { chunkBytes } = options;
  const rows = await rowsOfStream(stream, context);
  const pads = stream.steps.some(({ step }) => step.kind === "host" && graph.nodes.get(step.node)?.definition.perBatch);
  const otherSize = pads ? usualLength : undefined;
  const chunkRows = chunkRowsOf(stream, graph, types, rows, { chunkBytes, otherSize });
  const steps = stream.steps.flatMap((rowStep) => nodesOfStep(rowStep.step).map((id) => [id, rowStep] as const));
  return { context, rows, chunkRows, steps: new Map(steps), sizes: {}, common: new Map() };
}

/** What leads the draws of random nodes: they differ from chunk to chunk, and are the same whenever it is made. */
export const seedOf = (start: number): Seed => (start ? [0, "rows", start] : 0);

export const nodeOf = ({ context }: OpenStream, id: string): ResolvedNode =>
  context.graph.nodes.get(id) as ResolvedNode;

export const inputsOf = (stream: OpenStream, id: string): Endpoint[] => Object.values(nodeOf(stream, id).inputs).flat();

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
