import { create, toBinary } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType as A,
  type AttributeProto,
  AttributeProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "onnx-buf";
import { termsOf } from "./dim";
import { expanded } from "./expansions";
import type { Attrs, Constant, Dim, DType, Graph, OpNode, Value } from "./graph";
import { opDefinition } from "./ops/index";

const elementTypes: Record<DType, number> = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
};

/** Where a parameter's numbers come from. */
export type Placement =
  /** Graph inputs, fed on every call: what a training step wants. */
  | { parameters: "inputs" }
  /** Written into the model. */
  | { parameters: "initializers"; values(name: string): Float32Array<ArrayBuffer> };

/** An attribute of ours in ONNX's words. Whether a number is an integer is the op's affair: floats are named here. */
const floats = new Set(["epsilon", "alpha", "beta", "gamma", "cubic_coeff_a"]);
function attribute(name: string, value: Exclude<Attrs[string], undefined>): AttributeProto {
  if (name === "dtype")
    return create(AttributeProtoSchema, { name: "to", type: A.INT, i: BigInt(elementTypes[value as DType]) });
  if (typeof value === "string")
    return create(AttributeProtoSchema, { name, type: A.STRING, s: new TextEncoder().encode(value) });
  if (typeof value !== "number") return create(AttributeProtoSchema, { name, type: A.INTS, ints: value.map(BigInt) });
  return create(
    AttributeProtoSchema,
    floats.has(name) ? { name, type: A.FLOAT, f: value } : { name, type: A.INT, i: BigInt(value) },
  );
}

const info = ({ name, dtype, shape }: Value): ValueInfoProto =>
  create(ValueInfoProtoSchema, {
    name,
    type: {
      value: {
        case: "tensorType",
        value: {
          elemType: elementTypes[dtype],
          shape: {
            dim: shape.map((d) =>
              typeof d === "string"
                ? { value: { case: "dimParam" as const, value: d } }
                : { value: { case: "dimValue" as const, value: BigInt(d) } },
            ),
          },
        },
      },
    },
  });

const bytesOf = (data: ArrayBufferView<ArrayBuffer>): Uint8Array<ArrayBuffer> =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
const tensor = ({ name, dtype, shape }: Value, rest: Partial<TensorProto>): TensorProto =>
  create(TensorProtoSchema, {
    name,
    dataType: elementTypes[dtype],
    dims: shape.map((d) => BigInt(d)),
    ...(rest as object),
  });

/**
 * Writes a graph as an ONNX model, IR version 10, opset 21. The one place that knows ONNX's own conventions: which
 * attributes are input tensors, and that a symbolic size in a target shape has to be read from a tensor that has it.
 */
export function toModel(source: Graph, placement: Placement): Uint8Array {
  const graph = expanded(source);
  const constants: Constant[] = [...graph.constants];
  const nodes: NodeProto[] = [];
  const sizes = new Map<string, string>();
  // What an op gives is called as the output it is, so that hundreds of them need no op to name them.
  const names = new Map<string, string>();
  for (const [name, value] of graph.outputs)
    if (graph.makerOf(value) && !names.has(value.name)) names.set(value.name, name);
  const nameOf = (value: Value): string => names.get(value.name) ?? value.name;
  const node = (opType: string, input: string[], output: string[], attributes: AttributeProto[] = [], name = "") =>
    nodes.push(create(NodeProtoSchema, { name, opType, input, output, attribute: attributes }));
  const integers = (list: readonly number[]): string => {
    const value = graph.fresh("shape", "int64", [list.length]);
    constants.push({ value, data: BigInt64Array.from(list, BigInt) });
    return value.name;
  };
  const factors = (list: readonly number[]): string => {
    const value = graph.fresh("scales", "float32", [list.length]);
    constants.push({ value, data: Float32Array.from(list) });
    return value.name;
  };
  const sizeOfSymbol = (symbol: string): string => {
    const known = sizes.get(symbol);
    if (known) return known;
    const source = graph.inputs.find((v) => v.shape.includes(symbol));
    if (!source) throw new Error(`no input of the graph has the size "${symbol}"`);
    const axis = source.shape.indexOf(symbol);
    const name = graph.fresh("size", "int64", [1]).name;
    node("Shape", [source.name], [name], [attribute("start", axis), attribute("end", axis + 1)]);
    sizes.set(symbol, name);
    return name;
  };
  const total = (op: "Mul" | "Add", parts: string[]): string =>
    parts.reduce((a, b) => {
      const name = graph.fresh("size", "int64", [1]).name;
      node(op, [a, b], [name]);
      return name;
    });
  /** A size as a tensor of one number: a sum of products of symbols. */
  const sizeTensor = (d: Dim): string =>
    total(
      "Add",
      termsOf(d).map(({ coefficient, factors }) =>
        total("Mul", [
          ...factors.map(sizeOfSymbol),
          ...(coefficient === 1 && factors.length ? [] : [integers([coefficient])]),
        ]),
      ),
    );
  const list = (all: readonly Dim[]): string => {
    const dims = all.map((d) => (d === "*" ? -1 : d)); // the one size that follows from the others
    if (dims.every((d) => typeof d === "number")) return integers(dims as number[]);
    const name = graph.fresh("shape", "int64", [dims.length]).name;
    node("Concat", dims.map(sizeTensor), [name], [attribute("axis", 0)]);
    return name;
  };
  const write = ({ op, inputs, outputs, attrs, scope }: OpNode) => {
    const { asInputs = [], asInputsAt = inputs.length, onnx = op } = opDefinition(op);
    const given = asInputs.map((name) =>
      attrs[name] === undefined
        ? ""
        : name === "scales"
          ? factors(attrs.scales as number[])
          : list([attrs[name]].flat() as Dim[]),
    );
    const read = inputs.map(nameOf).toSpliced(asInputsAt, 0, ...given);
    while (read.at(-1) === "") read.pop(); // an input that is left out in the middle has the empty name
    const rest = Object.entries(attrs).filter(
      ([name, value]) => !asInputs.includes(name as never) && value !== undefined,
    );
    node(
      onnx,
      read,
      outputs.map(nameOf),
      rest.map(([name, value]) => attribute(name, value as never)),
      scope && `${scope}/${outputs[0]?.name}`,
    );
  };
  for (const op of graph.nodes) write(op);
  for (const [name, value] of graph.outputs) if (nameOf(value) !== name) node("Identity", [nameOf(value)], [name]);

  const parameters =
    placement.parameters === "initializers"
      ? graph.parameters.map(({ name, value }) => tensor(value, { rawData: bytesOf(placement.values(name)) }))
      : [];

  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: 10n,
      producerName: "patchbay",
      opsetImport: [{ domain: "", version: 21n }],
      graph: {
        name: "graph",
        node: nodes,
        input: [
          ...graph.inputs,
          ...(placement.parameters === "inputs" ? graph.parameters.map((p) => p.value) : []),
        ].map(info),
        output: [...graph.outputs].map(([name, value]) => info({ ...value, name })),
        initializer: [...parameters, ...constants.map(({ value, data }) => tensor(value, { rawData: bytesOf(data) }))],
      },
    }),
  );
}
