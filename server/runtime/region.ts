import type { Shape } from "#models/onnx/graph";
import { toModel } from "#models/onnx/proto";
import type { Tensor, Weights } from "#nodes/core/values";
import type { Endpoint } from "#nodes/graph/document";
import { runsByRow } from "#models/onnx/rows";
import { type LoweredParameter, lower } from "#nodes/graph/lower";
import { endpointKey, type ResolvedGraph } from "#nodes/graph/resolve";
import type { Blobs } from "../storage/blobs";
import { Cancelled } from "../errors";
import { handlesOf, parameterValues } from "./parameters";
import type { Provider, SessionPool } from "./sessions";
import { rowsOf, widthOf } from "./values";

/** Rows per call of a model that works row by row: large enough to keep the cores busy, small enough to report progress and to be cancelled. */
const chunkRows = 64;
/** A value inside a region is kept too when it is no larger than this, so that a later edit need not compute it again. */
const keptBytes = 16 * 2 ** 20;

export interface RegionRun {
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
  /** Numbers that stand in for those of the weights wires, while a training changes them. */
  current?(parameter: LoweredParameter): Float32Array | undefined;
}

/** Runs neighbouring tensor nodes as one ONNX model, in chunks of rows where rows do not depend on each other. */
export async function runRegion({
  graph,
  nodes,
  wanted,
  welcome,
  valueOf,
  weightsOf,
  blobs,
  sessions,
  provider,
  signal,
  progress,
  current,
}: RegionRun): Promise<Map<string, Tensor>> {
  const feeds = new Map<string, Tensor>();
  for (const id of nodes) {
    const node = graph.nodes.get(id);
    for (const [name, sources] of Object.entries(node?.inputs ?? {})) {
      if (node?.definition.inputs[name]?.type !== "tensor") continue;
      for (const from of sources) if (!nodes.includes(from.node)) feeds.set(endpointKey(from), await valueOf(from));
    }
  }
  // Equal first sizes get one symbol: the types know which axes belong together, the run only needs chunks to fit.
  const counts = new Map<number, string>();
  const symbolic = ({ shape }: Tensor): Shape =>
    shape.length
      ? [counts.get(shape[0] as number) ?? setGet(counts, shape[0] as number, `rows${counts.size}`), ...shape.slice(1)]
      : [];
  const lowered = lower(
    graph,
    nodes,
    (from) => {
      const tensor = feeds.get(endpointKey(from)) as Tensor;
      return { dtype: tensor.dtype, shape: symbolic(tensor) };
    },
    { handles: await handlesOf(graph, nodes, weightsOf) },
  );
  const sizes = new Map([...counts].map(([size, symbol]) => [symbol, size]));
  const bytes = (e: Endpoint): number => {
    const value = lowered.values.get(endpointKey(e));
    return value
      ? value.shape.reduce<number>(
          (n, d) => n * (typeof d === "number" ? d : (sizes.get(d) ?? Number.POSITIVE_INFINITY)),
          widthOf(value.dtype),
        )
      : Number.POSITIVE_INFINITY;
  };
  const outputs = [...wanted, ...welcome.filter((e) => bytes(e) <= keptBytes)].map(endpointKey);
  for (const name of outputs) lowered.graph.output(name, lowered.values.get(name) as never);

  const parameters = await parameterValues(lowered, weightsOf, blobs, { current });
  // Numbers that change from call to call are inputs of the model, so that it need not be loaded again.
  const session = await sessions.get(
    toModel(
      lowered.graph,
      current
        ? { parameters: "inputs" }
        : { parameters: "initializers", values: (name) => parameters.get(name) as Float32Array<ArrayBuffer> },
    ),
    provider,
  );
  const constant = current
    ? lowered.graph.parameters.map(
        ({ name, value }) =>
          [
            name,
            { dtype: value.dtype, shape: value.shape as number[], data: parameters.get(name) as Float32Array },
          ] as const,
      )
    : [];
  const inputs = lowered.feeds.map(({ name }) => [name, feeds.get(name) as Tensor] as const);
  const symbol = [...sizes.keys()].find((s) => runsByRow(lowered.graph, s));
  const rows = symbol === undefined ? 0 : (sizes.get(symbol) as number);
  if (symbol === undefined || rows <= chunkRows)
    return new Map(Object.entries(await session.run(Object.fromEntries([...inputs, ...constant]))));

  const whole = new Map<string, Tensor>();
  for (let from = 0; from < rows; from += chunkRows) {
    if (signal.aborted) throw new Cancelled();
    const to = Math.min(rows, from + chunkRows);
    const part = await session.run(
      Object.fromEntries([
        ...constant,
        ...inputs.map(
          ([name, tensor], i) =>
            [name, lowered.graph.inputs[i]?.shape[0] === symbol ? rowsOf(tensor, from, to) : tensor] as const,
        ),
      ]),
    );
    for (const [name, tensor] of Object.entries(part)) {
      const target =
        whole.get(name) ??
        setGet(whole, name, {
          ...tensor,
          shape: [rows, ...tensor.shape.slice(1)],
          data: new (tensor.data.constructor as Float32ArrayConstructor)((tensor.data.length / (to - from)) * rows),
        });
      (target.data as Float32Array).set(tensor.data as Float32Array, from * (tensor.data.length / (to - from)));
    }
    progress(to, rows);
    await new Promise(setImmediate); // the runtime computes on this thread: let timers and messages through
  }
  return whole;
}

const setGet = <K, V>(map: Map<K, V>, key: K, value: V): V => {
  map.set(key, value);
  return value;
};
