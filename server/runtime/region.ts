/**
 * Neighbouring tensor nodes, run as one ONNX model: lowered for the tensors that come in, loaded, fed in chunks of
 * rows.
 */
import type { Shape } from "#models/onnx/graph";
import { indexBounds } from "#models/onnx/index-bounds";
import { runsByRow } from "#models/onnx/rows";
import type { Tensor, Weights } from "#nodes/core/values";
import type { Endpoint } from "#nodes/graph/document";
import { type Lowered, type LoweredParameter, lower } from "#nodes/graph/lower";
import { endpointKey, type ResolvedGraph } from "#nodes/graph/resolve";
import { Cancelled, Failure } from "../errors";
import { bytesText } from "../runtime-failures";
import type { Blobs } from "../storage/blobs";
import { checkIndices } from "./index-check";
import { gibibytes, memoryLimit } from "./memory";
import { fedModel, type ModelFiles, storedModel } from "./model-files";
import { chunkOf, Joined } from "./onnx-file/chunks";
import { handlesOf, parameterSources, parameterValues } from "./parameters";
import type { Provider } from "./providers";
import type { Session, SessionPool } from "./sessions";
import { deadLosses } from "./single-choice";
import { rowsOf, widthOf } from "./values";

/**
 * Rows per call of a model that works row by row: large enough to keep the cores busy, small enough to report progress
 * and to be cancelled.
 */
const chunkRows = 64;
/**
 * A value inside a region is kept too when it is no larger than this, so that a later edit need not compute it again.
 */
const keptBytes = 16 * 2 ** 20;

export interface Region {
  graph: ResolvedGraph;
  nodes: readonly string[];
  /** Endpoints that something outside reads; computed whatever their size. */
  wanted: readonly Endpoint[];
  /** Endpoints inside the region that are worth keeping if they are small. */
  welcome: readonly Endpoint[];
  valueOf(from: Endpoint): Promise<Tensor>;
  weightsOf(from: Endpoint): Promise<Weights>;
  blobs: Blobs;
  sessions: SessionPool;
  provider: Provider;
  signal: AbortSignal;
  progress(done: number, of: number): void;
  warn?(node: string | undefined, message: string): void;
  /** Numbers that stand in for those of the weights wires, while a training changes them. */
  current?(parameter: LoweredParameter): Float32Array | undefined;
}

/**
 * Runs the region, in chunks of rows where rows do not depend on each other. Gives what was asked for, by "node.port".
 */
export async function runRegion(region: Region): Promise<Map<string, Tensor>> {
  const incoming = await incomingOf(region);
  const batch = batchOf(region);
  if (batch !== undefined) return runInBatches(region, incoming, batch);
  const open = await openRegion(region, incoming);
  return open.rowSymbol !== undefined && open.rows > chunkRows ? runInChunks(region, open) : runAtOnce(open);
}

/** The tensors that nodes of the region read from outside of it, by "node.port". */
async function incomingOf({ graph, nodes, valueOf }: Region): Promise<Map<string, Tensor>> {
  const incoming = new Map<string, Tensor>();
  for (const id of nodes) {
    const node = graph.nodes.get(id);
    for (const [name, sources] of Object.entries(node?.inputs ?? {})) {
      if (node?.definition.inputs[name]?.type !== "tensor") continue;
      for (const from of sources) {
        if (!nodes.includes(from.node)) incoming.set(endpointKey(from), await valueOf(from));
      }
    }
  }
  return incoming;
}

/** A region whose model is loaded, and what it is fed. */
interface OpenRegion {
  lowered: Lowered;
  session: Session;
  /** By the name of the model's input. */
  inputs: ReadonlyMap<string, Tensor>;
  /** Parameters that are inputs of the model, because they change from call to call. */
  parameters: ReadonlyMap<string, Tensor>;
  /** The symbol of an axis along which the model may be fed in pieces, and how long that axis is. */
  rowSymbol?: string;
  rows: number;
}

async function openRegion(region: Region, incoming: ReadonlyMap<string, Tensor>): Promise<OpenRegion> {
  const { graph, nodes, weightsOf, blobs, sessions, provider, current } = region;
  const symbols = rowSymbols(incoming.values());
  const lowered = await lowerRegion(region, incoming, symbols);
  checkIndices(indexBounds(lowered.graph), (name) => incoming.get(name), graph);
  const sizes = new Map([...symbols].map(([size, symbol]) => [symbol, size]));
  for (const { node, message, hint } of deadLosses(lowered.graph, Object.fromEntries(sizes), graph)) {
    region.warn?.(node, `${message} ${hint}`);
  }
  refuseLargeOutputs(region, lowered, sizes);
  declareOutputs(region, lowered, sizes);

  // Numbers that change from call to call are inputs of the model, so that it need not be loaded again.
  const fed = current ? await parameterValues(lowered, weightsOf, blobs, { current }) : undefined;
  const files = fed ? fedModel(lowered) : storedModel(lowered, await parameterSources(lowered, weightsOf, blobs));
  refuseTooLarge(files, nodes, graph);
  const rowSymbol = [...sizes.keys()].find((symbol) => runsByRow(lowered.graph, symbol));
  return {
    lowered,
    session: await sessions.get(files, blobs, provider),
    inputs: new Map(lowered.feeds.map(({ name }) => [name, incoming.get(name) as Tensor])),
    parameters: fed ? parameterTensors(lowered, fed) : new Map(),
    rowSymbol,
    rows: rowSymbol === undefined ? 0 : (sizes.get(rowSymbol) as number),
  };
}

/** Lowered for any number of rows, or, where first sizes are no batch to the nodes, for those that came. */
async function lowerRegion(
  { graph, nodes, weightsOf }: Region,
  incoming: ReadonlyMap<string, Tensor>,
  symbols: ReadonlyMap<number, string>,
): Promise<Lowered> {
  const handles = await handlesOf(graph, nodes, weightsOf);
  const lowerFor = (shapeOf: (shape: readonly number[]) => Shape): Lowered => {
    const typeOf = (from: Endpoint) => {
      const { dtype, shape } = incoming.get(endpointKey(from)) as Tensor;
      return { dtype, shape: shapeOf(shape) };
    };
    return lower(graph, nodes, typeOf, { handles });
  };
  try {
    return lowerFor((shape) => symbolic(shape, symbols));
  } catch {
    return lowerFor((shape) => shape);
  }
}

/** Equal first sizes get one symbol: the types know which axes belong together, the run only needs chunks to fit. */
function rowSymbols(tensors: Iterable<Tensor>): Map<number, string> {
  const symbols = new Map<number, string>();
  for (const { shape } of tensors) {
    const [rows] = shape;
    if (rows !== undefined && !symbols.has(rows)) symbols.set(rows, `rows${symbols.size}`);
  }
  return symbols;
}

function symbolic(shape: readonly number[], symbols: ReadonlyMap<number, string>): Shape {
  const [rows, ...rest] = shape;
  return rows === undefined ? [] : [symbols.get(rows) as string, ...rest];
}

/** Makes outputs of what is wanted, and of what is welcome and small. */
function declareOutputs({ wanted, welcome }: Region, lowered: Lowered, sizes: ReadonlyMap<string, number>): void {
  const isSmall = (endpoint: Endpoint) => (sizeOfOutput(endpoint, lowered, sizes)?.bytes ?? Infinity) <= keptBytes;
  const outputs = [...wanted, ...welcome.filter(isSmall)];
  for (const name of outputs.map(endpointKey)) lowered.graph.output(name, lowered.values.get(name) as never);
}

/** An output that does not fit is refused before anything is computed: its rows, shape and element type are known. */
function refuseLargeOutputs({ graph, wanted }: Region, lowered: Lowered, sizes: ReadonlyMap<string, number>): void {
  const limit = memoryLimit();
  for (const endpoint of wanted) {
    const size = sizeOfOutput(endpoint, lowered, sizes);
    if (!size || size.bytes <= limit) continue;
    const title = graph.nodes.get(endpoint.node)?.definition.title ?? endpoint.node;
    const { shape, dtype, bytes } = size;
    throw new Failure({
      ...endpoint,
      message:
        `${title} would give ${shape.join(" × ")} ${dtype} numbers, ${bytesText(bytes)}, as “${endpoint.port}”; ` +
        `runs may hold ${bytesText(limit)}.`,
      hint:
        "Take fewer rows (“At most” on the dataset, or every tenth row), smaller pictures or a smaller width, " +
        "or give runs more memory with PATCHBAY_MEMORY.",
    });
  }
}

/** How large an output will be; nothing while that is not known. */
function sizeOfOutput(
  endpoint: Endpoint,
  { values }: Lowered,
  sizes: ReadonlyMap<string, number>,
): { shape: number[]; dtype: string; bytes: number } | undefined {
  const value = values.get(endpointKey(endpoint));
  const shape = value?.shape.map((size) => (typeof size === "number" ? size : sizes.get(size)));
  if (!value || !shape?.every((size) => size !== undefined)) return undefined;
  const bytes = shape.reduce((product, length) => product * length, widthOf(value.dtype));
  return { shape, dtype: value.dtype, bytes };
}

/** A model that does not fit is refused before anything is loaded. */
function refuseTooLarge({ weightBytes }: ModelFiles, nodes: readonly string[], graph: ResolvedGraph): void {
  const limit = memoryLimit();
  if (weightBytes <= limit) return;
  const titles = nodes.map((id) => graph.nodes.get(id)?.definition.title ?? id);
  throw new Failure({
    node: nodes.length === 1 ? nodes[0] : undefined,
    message: `The weights of ${titles.join(" + ")} take ${gibibytes(weightBytes)}, and runs may hold ${gibibytes(limit)}.`,
    hint: "Make the model smaller (layers, width), or give runs more memory with PATCHBAY_MEMORY.",
  });
}

function parameterTensors({ graph }: Lowered, values: ReadonlyMap<string, Float32Array>): Map<string, Tensor> {
  return new Map(
    graph.parameters.map(({ name, value }) => [
      name,
      { dtype: value.dtype, shape: value.shape as number[], data: values.get(name) as Float32Array },
    ]),
  );
}

async function runAtOnce({ session, inputs, parameters }: OpenRegion): Promise<Map<string, Tensor>> {
  return new Map(Object.entries(await session.run(Object.fromEntries([...inputs, ...parameters]))));
}

async function runInChunks({ signal, progress }: Region, open: OpenRegion): Promise<Map<string, Tensor>> {
  const { session, parameters, rows } = open;
  const whole = new Map<string, Tensor>();
  for (let start = 0; start < rows; start += chunkRows) {
    if (signal.aborted) throw new Cancelled();
    const end = Math.min(rows, start + chunkRows);
    const chunk = await session.run(Object.fromEntries([...parameters, ...inputsOfRows(open, start, end)]));
    for (const [name, part] of Object.entries(chunk)) {
      const target = whole.get(name) ?? tensorOfRows(part, rows);
      whole.set(name, target);
      (target.data as Float32Array).set(part.data as Float32Array, start * (part.data.length / (end - start)));
    }
    progress(end, rows);
    await new Promise(setImmediate); // the runtime computes on this thread: let timers and messages through
  }
  return whole;
}

/** The inputs of a chunk: rows of those that have the row axis, the others whole. */
function inputsOfRows({ lowered, inputs, rowSymbol }: OpenRegion, start: number, end: number): [string, Tensor][] {
  return [...inputs].map(([name, tensor], i) => {
    const hasRows = lowered.graph.inputs[i]?.shape[0] === rowSymbol;
    return [name, hasRows ? rowsOf(tensor, start, end) : tensor];
  });
}

/** An empty tensor for so many rows like those of the part. */
function tensorOfRows(part: Tensor, rows: number): Tensor {
  const [partRows = 1, ...rest] = part.shape;
  const ArrayType = part.data.constructor as Float32ArrayConstructor;
  return { dtype: part.dtype, shape: [rows, ...rest], data: new ArrayType((part.data.length / partRows) * rows) };
}

/** The only number of rows that the region takes at a time. */
function batchOf({ graph, nodes }: Region): number | undefined {
  const [id, ...others] = nodes;
  return id !== undefined && !others.length ? graph.nodes.get(id)?.definition.batch : undefined;
}

/** So many rows at a time, the last ones filled up with rows that are cut off again. */
async function runInBatches(
  region: Region,
  incoming: ReadonlyMap<string, Tensor>,
  size: number,
): Promise<Map<string, Tensor>> {
  const counts = new Set([...incoming.values()].map((tensor) => tensor.shape[0]));
  const [rows] = counts;
  if (rows === undefined || counts.size > 1 || rows === size) return runAtOnce(await openRegion(region, incoming));
  const chunks = { rows, size, cut: new Set(incoming.keys()) };
  const partFrom = (first: number) =>
    new Map([...incoming].map(([name, tensor]) => [name, chunkOf(tensor, first, chunks, true)]));
  const open = await openRegion(region, partFrom(0));
  const title = region.graph.nodes.get(region.nodes[0] ?? "")?.definition.title ?? "";
  const joined = new Joined(chunks, title);
  for (let first = 0; first < rows; first += size) {
    if (region.signal.aborted) throw new Cancelled();
    const outputs = await runAtOnce({ ...open, inputs: partFrom(first) });
    for (const [name, part] of outputs) joined.add(name, part, first, size);
    region.progress(Math.min(rows, first + size), rows);
    await new Promise(setImmediate); // the runtime computes on this thread: let timers and messages through
  }
  return new Map(Object.entries(joined.outputs()));
}
