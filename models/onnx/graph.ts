import { toHalf } from "../files/half";

/** A string is a symbolic dimension such as "B"; equal names mean equal sizes. */
export type Dim = number | string;
export type Shape = readonly Dim[];
export type DType = "float32" | "float16" | "float64" | "int64" | "int32" | "bool" | "uint8";
export type Attrs = Record<string, number | string | readonly number[] | readonly Dim[] | undefined>;

/** One tensor of a graph: what flows between two ops. */
export interface Value {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

export interface OpNode {
  readonly op: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attrs: Attrs;
  /** The node of the user's graph that this op came from; gradients keep the one they belong to. */
  readonly scope?: string;
}

export interface Constant {
  readonly value: Value;
  readonly data:
    | Float32Array<ArrayBuffer>
    | Float64Array<ArrayBuffer>
    | BigInt64Array<ArrayBuffer>
    | Uint16Array<ArrayBuffer>
    | Uint8Array<ArrayBuffer>;
}

/** How a fresh parameter is filled. `std`, `value` and bounds are plain numbers, so that an init is data. */
export type Init =
  | { kind: "zeros" }
  | { kind: "ones" }
  | { kind: "constant"; value: number }
  | { kind: "normal"; std: number }
  | { kind: "uniform"; bound: number }
  /** The numbers themselves, such as those of an imported model. */
  | { kind: "values"; data: Float32Array<ArrayBuffer> }
  /** Numbers that lie in a file; `fresh` fills it where others are asked for, and without one these do. */
  | { kind: "stored"; address: StoredNumbers; fresh?: Init };

/** Where numbers lie: the bytes `start` up to `end` of a file, of an element type as safetensors calls it. */
export interface StoredNumbers {
  file: string;
  dtype: string;
  shape: readonly number[];
  start: number;
  end: number;
}

/** A tensor that a checkpoint keeps. Its name is the dotted path it has there. */
export interface Parameter {
  readonly value: Value;
  readonly name: string;
  readonly init: Init;
  /** Kept from step to step but never trained: running statistics, a queue. `Graph.updates` says what becomes of it. */
  readonly buffer?: boolean;
}

const arrays = {
  float32: (data: readonly number[]) => Float32Array.from(data),
  float64: (data: readonly number[]) => Float64Array.from(data),
  float16: (data: readonly number[]) => Uint16Array.from(data, toHalf),
  int64: (data: readonly number[]) => BigInt64Array.from(data, BigInt),
};

/** How long an axis has to be for what a node does along it to mean anything, though anything can be computed. */
export interface SizeLimit {
  readonly size: Dim;
  readonly least?: number;
  readonly most?: number;
  /** What is wrong with another size: a sentence behind the node's name, without its end. */
  says(size: number): string;
  readonly hint: string;
}

/** A straight-line list of ONNX ops in evaluation order. Everything else (differentiation, passes, proto) reads it. */
export class Graph {
  readonly nodes: OpNode[] = [];
  readonly inputs: Value[] = [];
  readonly outputs = new Map<string, Value>();
  readonly constants: Constant[] = [];
  readonly parameters: Parameter[] = [];
  /** What a buffer becomes after a training step, by its name. Without training nothing is updated. */
  readonly updates = new Map<string, Value>();
  /** Told before a graph runs whose sizes break them. */
  readonly limits: (SizeLimit & { scope: string | undefined })[] = [];
  /** What is stamped on the ops that are appended from now on. */
  scope: string | undefined;
  readonly #makers = new Map<string, OpNode>();
  readonly #constants = new Map<string, Constant>();
  readonly #parameters = new Map<string, Parameter>();
  #next = 0;

  /** A value with a name no other value of this graph has. */
  fresh(hint: string, dtype: DType, shape: Shape): Value {
    return { name: `${hint}_${this.#next++}`, dtype, shape };
  }

  /** Appends an op. */
  add(node: OpNode): void {
    this.nodes.push(node);
    for (const y of node.outputs) this.#makers.set(y.name, node);
  }

  /** The op that gives a value; none gives an input, a parameter or a constant. */
  makerOf(value: Value): OpNode | undefined {
    return this.#makers.get(value.name);
  }

  /** The constant that a value is, if it is one. */
  constantOf(value: Value): Constant | undefined {
    return this.#constants.get(value.name);
  }

  input(name: string, dtype: DType, shape: Shape): Value {
    const value: Value = { name, dtype, shape };
    this.inputs.push(value);
    return value;
  }

  limit(limit: SizeLimit): void {
    this.limits.push({ ...limit, scope: this.scope });
  }

  output(name: string, value: Value): void {
    this.outputs.set(name, value);
  }

  /** The parameter of this name; asking twice gives the same value, which is how weights are tied. */
  parameter(name: string, shape: readonly number[], init: Init, buffer = false): Value {
    const known = this.#parameters.get(name);
    if (known) {
      if (known.value.shape.join() !== shape.join())
        throw new Error(`parameter ${name} is asked for as [${shape}] and as [${known.value.shape}]`);
      return known.value;
    }
    const value: Value = { name, dtype: "float32", shape };
    const parameter: Parameter = buffer ? { value, name, init, buffer } : { value, name, init };
    this.parameters.push(parameter);
    this.#parameters.set(name, parameter);
    return value;
  }

  constant(
    data: readonly number[],
    dtype: "float32" | "float64" | "float16" | "int64" = "float32",
    shape: Shape = data.length === 1 ? [] : [data.length],
  ): Value {
    return this.keep(dtype, shape, arrays[dtype](data));
  }

  /** A constant of numbers that are there already; they are not copied. */
  keep(dtype: DType, shape: Shape, data: Constant["data"]): Value {
    const value = this.fresh("const", dtype, shape);
    const constant = { value, data };
    this.constants.push(constant);
    this.#constants.set(value.name, constant);
    return value;
  }
}
