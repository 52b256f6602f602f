/**
 * Neighbouring tensor nodes, run as one ONNX model: lowered for the tensors that come in, loaded, fed in chunks of
 * rows.
 */
import { availableParallelism } from "node:os";
import type { DType, Shape, Value } from "#models/onnx/graph";
import { indexBounds } from "#models/onnx/index-bounds";
import { runsByRow } from "#models/onnx/rows";
import type { Tensor, Weights } from "#nodes/core/values";
import type { Endpoint } from "#nodes/graph/document";
import { type Lowered, type LoweredParameter, lower } from "#nodes/graph/lower";
import { endpointKey, type ResolvedGraph, type ResolvedNode } from "#nodes/graph/resolve";
import { Cancelled, Failure } from "../errors";
import { bytesText } from "../runtime-failures";
import type { Blobs } from "../storage/blobs";
import { hintOf, wholeReaders } from "./all-rows";
import { checkIndices } from "./index-check";
import { memoryLimit } from "./memory";
import { fedModel, type ModelFiles, storedModel } from "./model-files";
import { chunkOf, Joined } from "./onnx-file/chunks";
import { handlesOf, parameterSources, parameterValues } from "./parameters";
import type { Provider } from "./providers";
import type { Lease, Session, SessionPool } from "./sessions";
import { deadLosses } from "./single-choice";
import { rowsOf, widthOf } from "./values";

/**
 * Rows per call of a model that works row by row: enough to keep the cores busy, few enough that what lies between two
 * ops stays in their caches, and to tell and stop in between. Measured with a ViT-S/16, whose widest row has 1.2 MB:
 * 97 ms of work a row in calls of 4, 107 in calls of 16, 120 in calls of 64.
 */
const callRows = 64;
const callBytes = 2.5 * 2 ** 20 * availableParallelism();
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
  const symbols = rowSymbols(incoming.values());
  const typed = (shapeOf: (shape: readonly number[]) => Shape): IncomingType => {
    return (from) => {
      const { dtype, shape } = incoming.get(endpointKey(from)) as Tensor;
      return { dtype, shape: shapeOf(shape) };
    };
  };
  const sizes = new Map([...symbols].map(([size, symbol]) => [symbol, size]));
  return openRegion(region, [typed((shape) => symbolic(shape, symbols)), typed((shape) => shape)], sizes);
}

/**
 * Loads the region's model for what comes in: for the first of the types that its nodes can be built from. `sizes` says
 * how long the symbolic axes will be: values inside of the region are given too where they are small.
 */
export async function openRegion(
  region: Region,
  types: readonly IncomingType[],
  sizes: ReadonlyMap<string, number>,
): Promise<OpenRegion> {
  const { graph, nodes, weightsOf, blobs, sessions, provider, current } = region;
  const lowered = await lowerRegion(region, types);
  for (const { node, message, hint } of deadLosses(lowered.graph, Object.fromEntries(sizes), graph)) {
    region.warn?.(node, `${message} ${hint}`);
  }
  if (!region.streams) refuseLargeOutputs(region, lowered, sizes);
  declareOutputs(region, lowered, sizes);
  // Numbers that change from call to call are inputs of the model, so that it need not be loaded again.
  const fed = current ? await parameterValues(lowered, weightsOf, blobs, { current }) : undefined;
  const files = fed
    ? fedModel(lowered)
    : storedModel(lowered, await parameterSources(lowered, weightsOf, blobs), blobs);
  refuseTooLarge(files, nodes, graph);
  const lease = await sessions.lease(files, blobs, provider);
  const rowSymbol = [...sizes.keys()].find((symbol) => runsByRow(lowered.graph, symbol));
  return new OpenRegion(lowered, lease, fed ? parameterTensors(lowered, fed) : new Map(), rowSymbol, region);
}

/** A region whose model is loaded. */
export class OpenRegion {
  readonly #rowsPerCall: number;
  readonly #bounds: ReturnType<typeof indexBounds>;

  constructor(
    readonly lowered: Lowered,
    readonly lease: Lease<Session>,
    /** Parameters that are inputs of the model, because they change from call to call. */
    readonly parameters: ReadonlyMap<string, Tensor>,
    /** The symbol of an axis along which the model may be fed in pieces. */
    readonly rowSymbol: string | undefined,
    readonly region: Pick<Region, "graph" | "nodes" | "signal">,
  ) {
    this.#bounds = indexBounds(lowered.graph);
    this.#rowsPerCall = rowSymbol === undefined ? 0 : rowsPerCall(lowered, rowSymbol);
  }

  /** Runs the model on what comes in, by "node.port", in calls of some rows where rows do not depend on each other. */
  async run(
    incoming: ReadonlyMap<string, Tensor>,
    progress: (done: number, of: number) => void,
  ): Promise<Map<string, Tensor>> {
    const { feeds, graph } = this.lowered;
    checkIndices(this.#bounds, (name) => incoming.get(name), this.region.graph);
    const batched = feeds.filter((_, i) => graph.inputs[i]?.shape[0] === this.rowSymbol);
    const rows = this.rowSymbol === undefined ? 0 : (incoming.get(batched[0]?.name ?? "")?.shape[0] ?? 0);
    const inputs = feeds.map(({ name }) => [name, incoming.get(name) as Tensor] as const);
    if (rows <= this.#rowsPerCall) return this.#call(inputs);
    const isBatched = new Set(batched.map(({ name }) => name));
    const whole = new Map<string, Tensor>();
    for (let start = 0; start < rows; start += this.#rowsPerCall) {
      if (this.region.signal.aborted) throw new Cancelled();
      const end = Math.min(rows, start + this.#rowsPerCall);
      const cut = (name: string, tensor: Tensor) => (isBatched.has(name) ? rowsOf(tensor, start, end) : tensor);
      const given = await this.#call(inputs.map(([name, tensor]) => [name, cut(name, tensor)] as const));
      for (const [name, part] of given) {
        const target = whole.get(name) ?? tensorOfRows(part, rows);
        whole.set(name, target);
        (target.data as Float32Array).set(part.data as Float32Array, start * (part.data.length / (end - start)));
      }
      progress(end, rows);
      await new Promise(setImmediate); // the runtime computes on this thread: let timers and messages through
    }
    return whole;
  }

  close(): void {
    this.lease.close();
  }

  async #call(inputs: readonly (readonly [string, Tensor])[]): Promise<Map<string, Tensor>> {
    return new Map(Object.entries(await this.lease.opened.run(Object.fromEntries([...inputs, ...this.parameters]))));
  }
}

/** As many rows as fit into `callBytes` where the model's values are widest. */
function rowsPerCall({ graph }: Lowered, rowSymbol: string): number {
  const widths = graph.nodes.flatMap(({ outputs }) =>
    outputs.filter(({ shape }) => shape.includes(rowSymbol)).map((value) => rowBytes(value)),
  );
  return Math.max(1, Math.min(callRows, Math.floor(callBytes / Math.max(1, ...widths))));
}

/** The bytes of one row; a size that is not known counts as one. */
function rowBytes({ dtype, shape }: Value): number {
  return shape.reduce<number>((bytes, size) => bytes * (typeof size === "number" ? size : 1), widthOf(dtype));
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
    `${fitting ? "Quantize the weights" : "Even quantized they would not fit"} (${blocks}; half precision is computed in ` +
    "float32), make the model smaller (layers, width), or give runs more memory with PATCHBAY_MEMORY."
  );
}

/** A model that does not fit is refused before anything is loaded. */
function refuseTooLarge({ weightBytes }: ModelFiles, nodes: readonly string[], graph: ResolvedGraph): void {
  const limit = memoryLimit();
  if (weightBytes <= limit) return;
  const titles = nodes.map((id) => graph.nodes.get(id)?.definition.title ?? id);
  throw new Failure({
    node: nodes.length === 1 ? nodes[0] : undefined,
    message:
      `The weights of ${titles.join(" + ")} take ${bytesText(weightBytes)}, ` +
      `and runs may hold ${bytesText(limit)}.`,
    hint: whatFits(weightBytes, limit),
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

/** An empty tensor for so many rows like those of the part. */
function tensorOfRows(part: Tensor, rows: number): Tensor {
  const [partRows = 1, ...rest] = part.shape;
  const ArrayType = part.data.constructor as Float32ArrayConstructor;
  return { dtype: part.dtype, shape: [rows, ...rest], data: new ArrayType((part.data.length / partRows) * rows) };
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
  const first = new Map([...incoming].map(([name, tensor]) => [name, rowsInBatch(tensor, 0, size)]));
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
    for (let first = 0; first < rows; first += size) {
      if (signal.aborted) throw new Cancelled();
      const part = new Map([...incoming].map(([name, tensor]) => [name, rowsInBatch(tensor, first, size)]));
      for (const [name, given] of await this.open.run(part, () => {})) joined.add(name, given, first, size);
      progress(Math.min(rows, first + size), rows);
      await new Promise(setImmediate); // the runtime computes on this thread: let timers and messages through
    }
    return new Map(Object.entries(joined.outputs()));
  }

  close(): void {
    this.open.close();
  }
}

/** So many rows, the last ones repeated where there are no more. */
function rowsInBatch(tensor: Tensor, first: number, size: number): Tensor {
  return chunkOf(tensor, first, { rows: tensor.shape[0] ?? 0, size, cut: new Set() }, true);
}
