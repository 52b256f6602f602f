/**
 * Neighbouring tensor nodes, run as one ONNX model: lowered for the tensors that come in, loaded, fed in chunks of
 * rows.
 */
import type { DType, Shape } from "#models/onnx/graph";
import { indexBounds } from "#models/onnx/index-bounds";
import { areSameCounts } from "#nodes/core/packed";
import type { Tensor, Weights } from "#nodes/core/values";
import type { Endpoint } from "#nodes/graph/document";
import type { Types } from "#nodes/graph/infer";
import { type Lowered, type LoweredParameter, lower } from "#nodes/graph/lower";
import { endpointKey, type ResolvedGraph, type ResolvedNode } from "#nodes/graph/resolve";
import { Cancelled, Failure } from "../errors";
import { bytesText } from "../runtime-failures";
import type { Blobs } from "../storage/blobs";
import { hintOf, wholeReaders } from "./all-rows";
import { checkIndices } from "./index-check";
import { memoryLimit } from "./memory";
import { fedModel, storedModel } from "./model-files";
import { chunkOf, Joined } from "./onnx-file/chunks";
import { handlesOf, parameterSources, parameterValues } from "./parameters";
import { itemsOf } from "./packed";
import type { Provider } from "./providers";
import { itemsSymbol, layoutOf, type RowSymbols, RowsInCalls } from "./region-rows";
import type { Lease, Session, SessionPool } from "./sessions";
import { meaninglessParts } from "./meaningless-parts";
import { widthOf } from "./values";

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
  weightsOf(from: Endpoint): Promise<Weights>;
  blobs: Blobs;
  sessions: SessionPool;
  provider: Provider;
  signal: AbortSignal;
  warn?(node: string | undefined, message: string): void;
  /** Its rows come chunk by chunk: no output is there as a whole. */
  streams?: boolean;
  /** Numbers that stand in for those of the weights wires, while a training changes them. */
  current?(parameter: LoweredParameter): Float32Array | undefined;
}

export interface RegionRun extends Region {
  valueOf(from: Endpoint): Promise<Tensor>;
  progress(done: number, of: number): void;
}

/** What comes in along a wire. */
export type IncomingType = (from: Endpoint) => { dtype: DType; shape: Shape };

/** Runs the region on all rows. Gives what was asked for, by "node.port". */
export async function runRegion(region: RegionRun): Promise<Map<string, Tensor>> {
  const incoming = await incomingOf(region);
  const batch = batchOf(region);
  return batch === undefined ? runOnce(region, incoming) : runInBatches(region, incoming, batch);
}

/** The tensors that nodes of the region read from outside of it, by "node.port". */
async function incomingOf({ graph, nodes, valueOf }: RegionRun): Promise<Map<string, Tensor>> {
  const incoming = new Map<string, Tensor>();
  for (const from of tensorInputs(graph, nodes)) incoming.set(endpointKey(from), await valueOf(from));
  return incoming;
}

/** The wires along which tensors come to nodes from outside of them. */
export function tensorInputs(graph: ResolvedGraph, nodes: readonly string[]): Endpoint[] {
  return nodes.flatMap((id) => {
    const { inputs, definition } = graph.nodes.get(id) as ResolvedNode;
    const wires = Object.entries(inputs).filter(([name]) => definition.inputs[name]?.type === "tensor");
    return wires.flatMap(([, sources]) => sources.filter((from) => !nodes.includes(from.node)));
  });
}

async function runOnce(region: RegionRun, incoming: ReadonlyMap<string, Tensor>): Promise<Map<string, Tensor>> {
  const open = await openForTensors(region, incoming);
  try {
    return await open.run(incoming, region.progress);
  } finally {
    open.close();
  }
}

/** Loaded for any number of rows, or, where first sizes are no batch to the nodes, for those that came. */
function openForTensors(region: Region, incoming: ReadonlyMap<string, Tensor>): Promise<OpenRegion> {
  const { symbols, symbolOf } = rowSymbols(incoming.values());
  const typed = (shapeOf: (tensor: Tensor) => Shape): IncomingType => {
    return (from) => {
      const tensor = incoming.get(endpointKey(from)) as Tensor;
      return { dtype: tensor.dtype, shape: shapeOf(tensor) };
    };
  };
  const symbolic = typed((tensor) => (tensor.shape.length ? [symbolOf(tensor), ...tensor.shape.slice(1)] : []));
  // What is packed is a batch to whoever gets it.
  const isPacked = symbols.rowsOfItems.size > 0;
  return openRegion(region, isPacked ? [symbolic] : [symbolic, typed(({ shape }) => shape)], symbols);
}

/**
 * What comes in with some rows of a stream: that of `rows` in chunks, of `batch` rows where the model takes no others,
 * other values whole.
 */
export function chunkTypes(
  incoming: ReadonlyMap<string, Tensor>,
  rows: ReadonlySet<string>,
  types: Types,
  allRows: number,
  batch: number | undefined,
): { typeOf: IncomingType; symbols: RowSymbols } {
  const sizes = new Map([[rowSymbol, allRows]]);
  const rowsOfItems = new Map<string, string>();
  const symbolOf = (from: Endpoint, { shape, counts }: Tensor): string => {
    if (!counts) return rowSymbol;
    const symbol = itemsSymbol(types, from);
    rowsOfItems.set(symbol, rowSymbol);
    sizes.set(symbol, Math.ceil(((shape[0] ?? 0) * allRows) / Math.max(1, counts.length)));
    return symbol;
  };
  const typeOf: IncomingType = (from) => {
    const tensor = incoming.get(endpointKey(from)) as Tensor;
    const { dtype, shape } = tensor;
    return { dtype, shape: rows.has(endpointKey(from)) ? [batch ?? symbolOf(from, tensor), ...shape.slice(1)] : shape };
  };
  return { typeOf, symbols: { sizes, rowsOfItems } };
}

/** Counts the rows in models that are opened for a stream. */
const rowSymbol = "rows";

/**
 * Loads the region's model for what comes in: for the first of the types that its nodes can be built from. `symbols`
 * says how long the symbolic axes will be: values inside of the region are given too where they are small.
 */
export async function openRegion(
  region: Region,
  types: readonly IncomingType[],
  symbols: RowSymbols,
): Promise<OpenRegion> {
  const { graph, nodes, weightsOf, blobs, sessions, provider, current } = region;
  const lowered = await lowerRegion(region, types);
  const { sizes } = symbols;
  for (const { node, message, hint } of meaninglessParts(lowered.graph, Object.fromEntries(sizes), graph)) {
    region.warn?.(node, `${message} ${hint}`);
  }
  if (!region.streams) refuseLargeOutputs(region, lowered, sizes);
  declareOutputs(region, lowered, sizes);
  // Numbers that change from call to call are inputs of the model, so that it need not be loaded again.
  const refuse = (bytes: number) => refuseTooLarge(bytes, nodes, graph);
  const fed = current ? await parameterValues(lowered, weightsOf, blobs, { current }) : undefined;
  const files = fed
    ? fedModel(lowered)
    : storedModel(lowered, await parameterSources(lowered, weightsOf, blobs, { beforeDraws: refuse }), blobs);
  refuse(files.weightBytes);
  const lease = await sessions.lease(files, blobs, provider);
  const layout = layoutOf(lowered, symbols);
  return new OpenRegion(lowered, lease, fed ? parameterTensors(lowered, fed) : new Map(), layout, region);
}

/** A region whose model is loaded. */
export class OpenRegion {
  readonly #bounds: ReturnType<typeof indexBounds>;

  constructor(
    readonly lowered: Lowered,
    readonly lease: Lease<Session>,
    /** Parameters that are inputs of the model, because they change from call to call. */
    readonly parameters: ReadonlyMap<string, Tensor>,
    /** Along what the model may be fed in pieces. */
    readonly layout: ReturnType<typeof layoutOf>,
    readonly region: Pick<Region, "graph" | "nodes" | "signal">,
  ) {
    this.#bounds = indexBounds(lowered.graph);
  }

  /** Runs the model on what comes in, by "node.port", in calls of some rows where rows do not depend on each other. */
  async run(
    incoming: ReadonlyMap<string, Tensor>,
    progress: (done: number, of: number) => void,
  ): Promise<Map<string, Tensor>> {
    checkIndices(this.#bounds, (name) => incoming.get(name), this.region.graph);
    const rows = new RowsInCalls(this.lowered, this.layout, incoming);
    const pieces = rows.pieces();
    const whole = rows.joined(pieces);
    for (const piece of pieces) {
      if (this.region.signal.aborted) throw new Cancelled();
      whole.add(await this.#call(rows.feeds(piece)), piece);
      if (pieces.length === 1) break;
      progress(...rows.progressOf(piece));
      await new Promise(setImmediate); // the runtime computes on this thread: let timers and messages through
    }
    return whole.outputs();
  }

  close(): void {
    this.lease.close();
  }

  async #call(inputs: readonly (readonly [string, Tensor])[]): Promise<Map<string, Tensor>> {
    return new Map(Object.entries(await this.lease.opened.run(Object.fromEntries([...inputs, ...this.parameters]))));
  }
}

async function lowerRegion(
  { graph, nodes, weightsOf }: Region,
  [type, ...others]: readonly IncomingType[],
): Promise<Lowered> {
  const handles = await handlesOf(graph, nodes, weightsOf);
  try {
    return lower(graph, nodes, type as IncomingType, { handles });
  } catch (error) {
    const [other] = others;
    if (!other) throw error;
    return lower(graph, nodes, other, { handles });
  }
}

/**
 * Equal first sizes get one symbol: the types know which axes belong together, the run only needs chunks to fit. Items
 * have one of their own for equal counts.
 */
function rowSymbols(tensors: Iterable<Tensor>): { symbols: RowSymbols; symbolOf(tensor: Tensor): string } {
  const bySize = new Map<number, string>();
  const packed: { symbol: string; counts: readonly number[]; items: number }[] = [];
  const rowsOfItems = new Map<string, string>();
  const ofSize = (size: number): string => {
    const symbol = bySize.get(size) ?? `rows${bySize.size}`;
    bySize.set(size, symbol);
    return symbol;
  };
  const symbolOf = ({ shape: [size = 0], counts }: Tensor): string => {
    if (!counts) return ofSize(size);
    const known = packed.find((other) => areSameCounts(other.counts, counts));
    if (known) return known.symbol;
    const symbol = `items${packed.length}`;
    packed.push({ symbol, counts, items: size });
    rowsOfItems.set(symbol, ofSize(counts.length));
    return symbol;
  };
  for (const tensor of tensors) if (tensor.shape.length) symbolOf(tensor);
  const sizes = new Map([...bySize].map(([size, symbol]) => [symbol, size]));
  for (const { symbol, items } of packed) sizes.set(symbol, items);
  return { symbols: { sizes, rowsOfItems }, symbolOf };
}

/** Makes outputs of what is wanted, and of what is welcome and small. */
function declareOutputs({ wanted, welcome }: Region, lowered: Lowered, sizes: ReadonlyMap<string, number>): void {
  const isSmall = (endpoint: Endpoint) => (sizeOfOutput(endpoint, lowered, sizes)?.bytes ?? Infinity) <= keptBytes;
  const outputs = [...wanted, ...welcome.filter(isSmall)];
  for (const name of outputs.map(endpointKey)) {
    const value = lowered.values.get(name);
    if (value) lowered.graph.output(name, value); // of a node that nothing reads, some may lack an input
  }
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
      lack: "memory",
      message:
        `${title} would give ${shape.join(" × ")} ${dtype} numbers, ${bytesText(bytes)}, as “${endpoint.port}”; ` +
        `runs may hold ${bytesText(limit)}.`,
      hint: hintOf(
        wholeReaders(graph, endpoint),
        "Take fewer rows (“At most” on the dataset, or every tenth row), smaller pictures or a smaller width, " +
          "or give runs more memory with PATCHBAY_MEMORY.",
      ),
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

/** Float32 numbers against those of int4 and int8 in blocks of 32, with their scales. */
const spared = { int4: 32 / 5, int8: 32 / 9 };

/** What would make so many bytes of float32 weights fit. */
function whatFits(bytes: number, limit: number): string {
  const fitting = Object.entries(spared).findLast(([, factor]) => bytes / factor <= limit);
  const [name, factor] = fitting ?? ["int4", spared.int4];
  const blocks = `about ${bytesText(bytes / factor)} as ${name}`;
  return (
    `${fitting ? "Quantize the weights" : "Even quantized they would not fit"} (${blocks}; half precision is computed ` +
    "in float32), make the model smaller (layers, width), or give runs more memory with PATCHBAY_MEMORY."
  );
}

/** A model that does not fit is refused before anything is drawn or loaded. */
function refuseTooLarge(weightBytes: number, nodes: readonly string[], graph: ResolvedGraph): void {
  const limit = memoryLimit();
  if (weightBytes <= limit) return;
  const titles = nodes.map((id) => graph.nodes.get(id)?.definition.title ?? id);
  throw new Failure({
    node: nodes.length === 1 ? nodes[0] : undefined,
    message:
      `The weights of ${titles.join(" + ")} take ${bytesText(weightBytes)}, ` +
      `and runs may hold ${bytesText(limit)}.`,
    hint: whatFits(weightBytes, limit),
    lack: "memory",
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

/** The only number of rows that the region takes at a time. */
export function batchOf({ graph, nodes }: Pick<Region, "graph" | "nodes">): number | undefined {
  const [id, ...others] = nodes;
  return id !== undefined && !others.length ? graph.nodes.get(id)?.definition.batch : undefined;
}

/** So many rows at a time, the last ones filled up with rows that are cut off again. */
async function runInBatches(
  region: RegionRun,
  incoming: ReadonlyMap<string, Tensor>,
  size: number,
): Promise<Map<string, Tensor>> {
  const counts = new Set([...incoming.values()].map((tensor) => tensor.shape[0]));
  const [rows] = counts;
  if (rows === undefined || counts.size > 1 || rows === size) return runOnce(region, incoming);
  const first = new Map([...incoming].map(([name, tensor]) => [name, rowsInBatch(itemsOf(tensor), 0, size)]));
  const open = new BatchedRegion(await openForTensors(region, first), size);
  try {
    return await open.run(incoming, region.progress);
  } finally {
    open.close();
  }
}

/** A region that takes one number of rows and no others. */
export class BatchedRegion {
  constructor(
    readonly open: OpenRegion,
    readonly size: number,
  ) {}

  async run(
    incoming: ReadonlyMap<string, Tensor>,
    progress: (done: number, of: number) => void,
  ): Promise<Map<string, Tensor>> {
    const { size } = this;
    const { graph, nodes, signal } = this.open.region;
    const rows = [...incoming.values()][0]?.shape[0] ?? 0;
    const chunks = { rows, size, cut: new Set(incoming.keys()) };
    const joined = new Joined(chunks, graph.nodes.get(nodes[0] ?? "")?.definition.title ?? "");
    const counts = [...incoming.values()].find((tensor) => tensor.counts)?.counts;
    for (let first = 0; first < rows; first += size) {
      if (signal.aborted) throw new Cancelled();
      const part = new Map([...incoming].map(([name, tensor]) => [name, rowsInBatch(itemsOf(tensor), first, size)]));
      for (const [name, given] of await this.open.run(part, () => {})) joined.add(name, given, first, size);
      progress(Math.min(rows, first + size), rows);
      await new Promise(setImmediate); // the runtime computes on this thread: let timers and messages through
    }
    const given = Object.entries(joined.outputs());
    return new Map(given.map(([name, tensor]) => [name, counts ? { ...tensor, counts } : tensor]));
  }

  close(): void {
    this.open.close();
  }
}

/** So many rows, the last ones repeated where there are no more. */
function rowsInBatch(tensor: Tensor, first: number, size: number): Tensor {
  return chunkOf(tensor, first, { rows: tensor.shape[0] ?? 0, size, cut: new Set() }, true);
}
