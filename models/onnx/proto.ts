/** The ONNX writer: a graph of ours to the bytes of a model. */

import { create, toBinary } from "@bufbuild/protobuf";
import {
  type AttributeProto,
  type GraphProto,
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
} from "onnx-buf";
import { type BlockLayout, blockShape } from "../files/quantized";
import {
  type AtLeast,
  type BlockProduct,
  type BlockReaders,
  blockNames,
  blockReaders,
  productSettings,
} from "./block-products";
import { multiplyDims, termsOf } from "./dim";
import { expanded } from "./expansions";
import type { Attrs, Constant, Dim, DType, Graph, OpNode, Value } from "./graph";
import { fewPlaces, manyPositionsOf, onePositionOf } from "./one-position";
import { opDefinition } from "./ops/index";
import {
  attribute,
  bytesOf,
  elementTypes,
  external,
  gatheredTypes,
  info,
  type Stored,
  storedTypes,
  tensor,
} from "./proto-messages";

/** ONNX's number for two numbers of 4 bits in a byte, which values of a graph never are. */
const uint4 = 21;

/** Where a parameter's numbers come from. */
export type Placement =
  /** Graph inputs, fed on every call: what a training step wants. */
  | { parameters: "inputs" }
  /** Written into the model, or left in a file beside it. */
  | { parameters: "initializers"; values(name: string): ParameterNumbers; atLeast?: AtLeast };

/** A parameter's numbers, or where they lie. */
export type ParameterNumbers = Float32Array<ArrayBuffer> | Stored | StoredBlocks;

/** A matrix in blocks of small integers, in a file or as bytes; its products are computed from those. */
export interface StoredBlocks extends BlockLayout {
  values: Stored | Uint8Array<ArrayBuffer>;
  scales: Stored | Uint8Array<ArrayBuffer>;
}

/**
 * Writes a graph as an ONNX model, IR version 10, opset 21. The one place that knows ONNX's own conventions: which
 * attributes are input tensors, and that a symbolic size in a target shape has to be read from a tensor that has it.
 */
export function toModel(source: Graph, placement: Placement): Uint8Array {
  const graph = expanded(source);
  const isFed = placement.parameters === "inputs";
  const numbers = new Map(isFed ? [] : graph.parameters.map(({ name, value }) => [value, placement.values(name)]));
  const writer = new Writer(graph, blocksAmong(numbers), isFed ? undefined : placement.atLeast);
  const parameters = [...numbers].flatMap(([value, given]) => writer.parameter(value, given));
  writer.writeAll();
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: 10n,
      producerName: "patchbay",
      opsetImport: [{ domain: "", version: 21n }, ...otherDomains(writer.nodes)],
      graph: {
        name: "graph",
        node: writer.nodes,
        input: [...graph.inputs, ...(isFed ? graph.parameters.map((p) => p.value) : [])].map(info),
        output: [...graph.outputs].map(([name, value]) => info({ ...value, name })),
        initializer: [...parameters, ...writer.tensors()],
      },
    }),
  );
}

/** What a model says of the ops that are not ONNX's own. */
function otherDomains(nodes: readonly NodeProto[]): { domain: string; version: bigint }[] {
  const domains = new Set(nodes.map(({ domain }) => domain).filter((domain) => domain !== ""));
  return [...domains].map((domain) => ({ domain, version: 1n }));
}

/** The nodes of a model as they are written, and the constants that they need besides those of the graph. */
class Writer {
  readonly nodes: NodeProto[] = [];
  readonly #constants: Constant[];
  readonly #graph: Graph;
  /** What an op gives is called as the output it is, so that hundreds of them need no op to name them. */
  readonly #names = new Map<string, string>();
  /** The tensors that hold symbolic sizes. */
  readonly #sizes = new Map<string, string>();
  /** Those that say which branch is taken. */
  readonly #conditions = new Set<string>();
  readonly #blocks: ReadonlyMap<string, StoredBlocks>;
  readonly #readers: BlockReaders;
  /** Tables of which nothing but rows is read, stored in another element type: by name, what that tensor is called. */
  readonly #storedTables = new Map<string, string>();

  constructor(
    graph: Graph,
    blocks: ReadonlyMap<string, StoredBlocks>,
    readonly atLeast?: AtLeast,
  ) {
    this.#graph = graph;
    this.#blocks = blocks;
    this.#readers = blockReaders(graph, (name) => blocks.get(name));
    this.#constants = [...graph.constants];
    for (const [name, value] of graph.outputs)
      if (graph.makerOf(value) && !this.#names.has(value.name)) this.#names.set(value.name, name);
  }

  /** All ops, and the names of the outputs. */
  writeAll(): void {
    for (const node of this.#graph.nodes) this.#write(node);
    for (const [name, value] of this.#graph.outputs) this.#name(name, value);
  }

  /** What is written into the model besides parameters. */
  tensors(): TensorProto[] {
    return this.#constants.map(({ value, data }) => tensor(value, { rawData: bytesOf(data) }));
  }

  #write(node: OpNode): void {
    const { idle, products, rows } = this.#readers;
    if (idle.has(node)) return;
    const together = products.get(node);
    if (together) this.#writeBlockProducts(node, together);
    else if (rows.has(node)) this.#writeBlockRows(node, rows.get(node) as Value);
    else if (this.#storedTables.has(node.inputs[0]?.name ?? "")) this.#writeStoredRows(node);
    else if (node.op === "GroupQueryAttention" && node.inputs.length > 7) this.#writeAttention(node);
    else this.#writeOp(node);
  }

  /** The runtime's op for many new positions of a row, and ops of its own for one. */
  #writeAttention(node: OpNode): void {
    const [y] = node.outputs as [Value];
    const branches = [
      attribute("then_branch", this.#branch(onePositionOf(node), y, "one")),
      attribute("else_branch", this.#branch(manyPositionsOf(node), y, "many")),
    ];
    const isWorth = this.#isWorthOne(node);
    this.#node("If", [isWorth], [this.#nameOf(y)], branches, { name: node.scope ? `${node.scope}/${y.name}` : "" });
  }

  /** Whether there is one new position a row, and more places to pass over than its ops cost. */
  #isWorthOne({ inputs }: OpNode): string {
    const [query, , , keys] = inputs as [Value, Value, Value, Value];
    const [rows, , room] = keys.shape as [Dim, Dim, Dim];
    const length = query.shape[1] as Dim;
    const name = `one position: ${length}, ${rows}, ${room}`;
    if (this.#conditions.has(name)) return name;
    this.#conditions.add(name);
    this.#node("Equal", [this.#size(length), this.#integers([1])], [`${name}#isOne`]);
    this.#node("Greater", [this.#size(multiplyDims(rows, room)), this.#integers([fewPlaces])], [`${name}#areMany`]);
    this.#node("And", [`${name}#isOne`, `${name}#areMany`], [name]);
    return name;
  }

  /** A graph that gives a value of this one, computed where a condition has it. Its inputs are values around it. */
  #branch(graph: Graph, gives: Value, title: string): GraphProto {
    const writer = new Writer(graph, new Map());
    writer.writeAll();
    const around = new Set(graph.inputs.map(({ name }) => name));
    const own = (name: string) => name && `${gives.name}/${title}/${name}`;
    const called = (name: string) => (around.has(name) ? (this.#names.get(name) ?? name) : own(name));
    return create(GraphProtoSchema, {
      name: title,
      node: writer.nodes.map((node) => ({
        ...node,
        input: node.input.map(called),
        output: node.output.map(called),
      })),
      output: [...graph.outputs.keys()].map((name) => info({ ...gives, name: called(name) })),
      initializer: writer.tensors().map((one) => ({ ...one, name: called(one.name) })),
    });
  }

  #writeOp({ op, inputs, outputs, attrs, scope }: OpNode): void {
    const { asInputs = [], asInputsAt = inputs.length, onnx = op, domain = "" } = opDefinition(op);
    const given = asInputs.map((name) => this.#attributeInput(name, attrs[name]));
    const read = inputs.map((x) => this.#nameOf(x)).toSpliced(asInputsAt, 0, ...given);
    while (read.at(-1) === "") read.pop(); // an input that is left out in the middle has the empty name
    const rest = Object.entries(attrs).flatMap(([name, value]) =>
      asInputs.includes(name as never) || value === undefined ? [] : [attribute(name, value)],
    );
    const title = scope && `${scope}/${outputs[0]?.name}`;
    this.#node(
      onnx,
      read,
      outputs.map((y) => this.#nameOf(y)),
      rest,
      { name: title ?? "", domain },
    );
  }

  /**
   * A parameter's tensor. One that is stored in another element type is converted by an op, which the runtime computes
   * once as it loads the model; it comes before all that reads it. Of a table, such as that of tokens, the rows that
   * are taken are converted, and the rest stays where it lies.
   */
  parameter(value: Value, source: ParameterNumbers): TensorProto[] {
    if (source instanceof Float32Array) return [tensor(value, { rawData: bytesOf(source) })];
    if ("block" in source) return this.#blocksOf(value, source);
    const type = storedTypes[source.dtype];
    if (type === undefined)
      throw new Error(
        `the parameter ${value.name} is stored as ${source.dtype}, which holds no floating-point numbers`,
      );
    if (type === elementTypes[value.dtype]) return [external(value.name, type, value.shape, source)];
    const stored = `${value.name}#stored`;
    if (gatheredTypes.has(source.dtype) && this.#isTable(value)) this.#storedTables.set(value.name, stored);
    else this.#node("Cast", [stored], [value.name], [attribute("dtype", value.dtype)]);
    return [external(stored, type, value.shape, source)];
  }

  /** Whether nothing but rows of a parameter is read. */
  #isTable({ name }: Value): boolean {
    const { nodes, outputs } = this.#graph;
    const takesRows = ({ op, inputs, attrs }: OpNode) =>
      op === "Gather" && (attrs.axis ?? 0) === 0 && inputs[0]?.name === name;
    const readers = nodes.filter(({ inputs }) => inputs.some((x) => x.name === name));
    return readers.length > 0 && readers.every(takesRows) && ![...outputs.values()].some((v) => v.name === name);
  }

  /** A matrix in blocks as its products read it, and as floats where anything else does. */
  #blocksOf(value: Value, source: StoredBlocks): TensorProto[] {
    const [outer, blocks, bytes] = blockShape(source);
    const { values, scales, table } = blockNames(value);
    const tensors = [external(scales, elementTypes.float32, [outer, blocks], source.scales)];
    const { products, rows: gathers, unpacked } = this.#readers;
    const isMultiplied = [...products.values()].flat().some(({ matrix }) => matrix.name === value.name);
    if (isMultiplied) tensors.push(external(values, elementTypes.uint8, [outer, blocks, bytes], source.values));
    const isTable = [...gathers.values()].some(({ name }) => name === value.name);
    const isInside = source.values instanceof Uint8Array;
    if (isTable && isMultiplied && isInside)
      this.#node("Reshape", [values, this.#integers([outer, blocks * bytes])], [table]);
    // The same bytes of the same file: rows are then read where they lie.
    else if (isTable) tensors.push(external(table, elementTypes.uint8, [outer, blocks * bytes], source.values));
    if (!unpacked.has(value.name)) return tensors;
    // scale · (level − middle), level being an element of its own: two lie in a byte of 4-bit ones.
    const levels = `${value.name}#levels`;
    const type = source.bits === 4 ? uint4 : elementTypes.uint8;
    tensors.push(external(levels, type, [outer, blocks, source.block], source.values));
    const name = (step: string) => `${value.name}#${step}`;
    const middle = this.#constant("middle", "float32", Float32Array.of(2 ** (source.bits - 1)));
    this.#node("Cast", [levels], [name("floats")], [attribute("dtype", "float32")]);
    this.#node("Sub", [name("floats"), middle], [name("centred")]);
    this.#node("Reshape", [scales, this.#integers([outer, blocks, 1])], [name("columns")]);
    this.#node("Mul", [name("centred"), name("columns")], [name("scaled")]);
    const rows = source.axis === 1 ? value.name : name("rows");
    this.#node("Reshape", [name("scaled"), this.#integers([outer, blocks * source.block])], [rows]);
    if (source.axis === 0) this.#node("Transpose", [rows], [value.name], [attribute("perm", [1, 0])]);
    return tensors;
  }

  /** Products of one value with matrices in blocks, as one with all of them side by side, and its parts. */
  #writeBlockProducts({ inputs, scope }: OpNode, products: readonly BlockProduct[]): void {
    const layouts = products.map(({ matrix }) => this.#blocks.get(matrix.name) as StoredBlocks);
    const [layout] = layouts as [StoredBlocks];
    const widths = layouts.map((one) => blockShape(one)[0]);
    const outputs = products.map(({ node }) => this.#nameOf(node.outputs[0] as Value));
    const names = products.map(({ matrix }) => blockNames(matrix));
    const isOne = products.length === 1;
    const whole = isOne ? (outputs[0] as string) : `${outputs[0]}#together`;
    const joined = (part: "values" | "scales"): string => {
      const parts = names.map((name) => name[part]);
      if (isOne) return parts[0] as string;
      this.#node("Concat", parts, [`${whole}#${part}`], [attribute("axis", 0)]);
      return `${whole}#${part}`;
    };
    const width = widths.reduce((sum, one) => sum + one, 0);
    const settings = productSettings(layout, width, inputs[0] as Value, this.atLeast);
    const attributes = Object.entries(settings).map(([name, n]) => attribute(name, n));
    const read = [this.#nameOf(inputs[0] as Value), joined("values"), joined("scales")];
    this.#node("MatMulNBits", read, [whole], attributes, this.#called(scope, whole));
    if (!isOne) this.#node("Split", [whole, this.#integers(widths)], outputs, [attribute("axis", -1)]);
  }

  /** Rows of a matrix in blocks, such as of a table of tokens: the rest of it is never read. */
  #writeBlockRows({ inputs, outputs, scope }: OpNode, matrix: Value): void {
    const { bits, block } = this.#blocks.get(matrix.name) as StoredBlocks;
    const { table, scales } = blockNames(matrix);
    const settings = { bits, block_size: block, gather_axis: 0, quantize_axis: 1 };
    const attributes = Object.entries(settings).map(([name, n]) => attribute(name, n));
    const output = this.#nameOf(outputs[0] as Value);
    const read = [table, this.#nameOf(inputs[1] as Value), scales];
    this.#node("GatherBlockQuantized", read, [output], attributes, this.#called(scope, output));
  }

  /** Rows of a table that is stored in another element type, converted as they are taken. */
  #writeStoredRows({ inputs: [table, ids], outputs: [rows], attrs }: OpNode): void {
    const [from, to] = [table as Value, rows as Value];
    const output = this.#nameOf(to);
    const read = [this.#storedTables.get(from.name) as string, this.#nameOf(ids as Value)];
    this.#node("Gather", read, [`${output}#stored`], [attribute("axis", Number(attrs.axis ?? 0))]);
    this.#node("Cast", [`${output}#stored`], [output], [attribute("dtype", to.dtype)]);
  }

  /** What a node of the runtime's own ops is called. */
  #called(scope: string | undefined, output: string): { domain: string; name?: string } {
    return { domain: "com.microsoft", ...(scope ? { name: `${scope}/${output}` } : {}) };
  }

  /** Gives a value the name of an output, where it has another one. */
  #name(output: string, value: Value): void {
    const name = this.#nameOf(value);
    if (name !== output) this.#node("Identity", [name], [output]);
  }

  #nameOf(value: Value): string {
    return this.#names.get(value.name) ?? value.name;
  }

  #node(
    opType: string,
    input: string[],
    output: string[],
    attribute: AttributeProto[] = [],
    called: { name?: string; domain?: string } = {},
  ): void {
    this.nodes.push(create(NodeProtoSchema, { opType, input, output, attribute, ...called }));
  }

  #constant(hint: string, dtype: DType, data: Constant["data"]): string {
    const value = this.#graph.fresh(hint, dtype, [data.length]);
    this.#constants.push({ value, data });
    return value.name;
  }

  /** An attribute of ours that ONNX takes as a tensor; the empty name where it is left out. */
  #attributeInput(name: string, value: Attrs[string]): string {
    if (value === undefined) return "";
    if (name === "scales") return this.#constant("scales", "float32", Float32Array.from(value as number[]));
    return this.#shape([value].flat() as Dim[]);
  }

  #integers(list: readonly number[]): string {
    return this.#constant("shape", "int64", BigInt64Array.from(list, BigInt));
  }

  #shape(all: readonly Dim[]): string {
    const dims = all.map((d) => (d === "*" ? -1 : d)); // the one size that follows from the others
    if (dims.every((d) => typeof d === "number")) return this.#integers(dims);
    const name = this.#graph.fresh("shape", "int64", [dims.length]).name;
    const parts = dims.map((d) => this.#size(d));
    this.#node("Concat", parts, [name], [attribute("axis", 0)]);
    return name;
  }

  /** A size as a tensor of one number: a sum of products of symbols. */
  #size(size: Dim): string {
    const terms = termsOf(size).map(({ coefficient, factors }) => {
      const symbols = factors.map((symbol) => this.#symbol(symbol));
      const isPlain = coefficient === 1 && factors.length > 0;
      return this.#combined("Mul", isPlain ? symbols : [...symbols, this.#integers([coefficient])]);
    });
    return this.#combined("Add", terms);
  }

  #combined(op: "Mul" | "Add", parts: readonly string[]): string {
    return parts.reduce((left, right) => {
      const name = this.#graph.fresh("size", "int64", [1]).name;
      this.#node(op, [left, right], [name]);
      return name;
    });
  }

  /** What a symbol stands for, read from an input that has it. */
  #symbol(symbol: string): string {
    const known = this.#sizes.get(symbol);
    if (known) return known;
    const source = this.#graph.inputs.find((v) => v.shape.includes(symbol));
    if (!source) throw new Error(`no input of the graph has the size "${symbol}"`);
    const axis = source.shape.indexOf(symbol);
    const name = this.#graph.fresh("size", "int64", [1]).name;
    this.#node("Shape", [source.name], [name], [attribute("start", axis), attribute("end", axis + 1)]);
    this.#sizes.set(symbol, name);
    return name;
  }
}

/** The matrices that lie in blocks, by the names of their values. */
function blocksAmong(numbers: ReadonlyMap<Value, ParameterNumbers>): Map<string, StoredBlocks> {
  const blocks = new Map<string, StoredBlocks>();
  for (const [{ name }, given] of numbers) if ("block" in given) blocks.set(name, given);
  return blocks;
}
