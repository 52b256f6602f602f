/** The table of all ops, and how one is appended to a graph. */

import type { Attrs, Graph, OpNode, Value } from "../graph";
import type { OpDef } from "../op";
import { ShapeError } from "../shape";
import * as activation from "./activation";
import * as attention from "./attention";
import * as conv from "./conv";
import * as elementwise from "./elementwise";
import * as indexing from "./indexing";
import * as matmul from "./matmul";
import * as movement from "./movement";
import * as normalization from "./normalization";
import * as reduce from "./reduce";
import * as resize from "./resize";

/** Every op there is. `../gradients` holds a rule for each. */
export const opTable = {
  ...elementwise,
  ...activation,
  ...reduce,
  ...matmul,
  ...movement,
  ...indexing,
  ...normalization,
  ...conv,
  ...resize,
  ...attention,
};
export type OpName = keyof typeof opTable;
/** The attributes that an op takes. */
export type AttrsOf<D> = D extends OpDef<infer A> ? A : never;
type Call<A> = {} extends A ? (...args: [...Value[], A] | Value[]) => Value : (...args: [...Value[], A]) => Value;

/** `op.Add(a, b)`, `op.Softmax(x, { axis: -1 })`: infers type and shape, appends the node, returns its first output. */
export type Ops = { readonly [K in OpName]: Call<AttrsOf<(typeof opTable)[K]>> };

/** Whether an op works element by element, on inputs that are broadcast together. */
export const isElementwise = (name: string): boolean =>
  Object.hasOwn(elementwise, name) || Object.hasOwn(activation, name);

/** What is known of an op by its name. */
export const opDefinition = (name: string): OpDef<Attrs> => opTable[name as OpName] as unknown as OpDef<Attrs>;

const isValue = (x: Value | Attrs): x is Value =>
  typeof (x as Value).name === "string" && Array.isArray((x as Value).shape) && "dtype" in x;

/** Appends a node and returns all its outputs. */
export function append(graph: Graph, name: OpName, inputs: readonly Value[], attrs: Attrs): readonly Value[] {
  let types: ReturnType<OpDef["infer"]>;
  try {
    types = opDefinition(name).infer(inputs, attrs);
  } catch (error) {
    throw error instanceof ShapeError && !error.message.startsWith(name)
      ? new ShapeError(`${name}: ${error.message}`)
      : error;
  }
  const outputs = [types].flat().map(({ dtype, shape }) => graph.fresh(name, dtype, shape));
  const node: OpNode = { op: name, inputs, outputs, attrs };
  graph.add(graph.scope === undefined ? node : { ...node, scope: graph.scope });
  return outputs;
}

const made = new WeakMap<Graph, Ops>();
/** The ops that emit into this graph. */
export function opsOf(graph: Graph): Ops {
  const known = made.get(graph);
  if (known) return known;
  const call =
    (name: OpName) =>
    (...args: (Value | Attrs)[]): Value => {
      const last = args.at(-1);
      const attrs = last && !isValue(last) ? last : {};
      return append(graph, name, args.filter(isValue), attrs)[0] as Value;
    };
  const ops = Object.fromEntries(Object.keys(opTable).map((name) => [name, call(name as OpName)])) as unknown as Ops;
  made.set(graph, ops);
  return ops;
}
