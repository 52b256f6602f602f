import { damaged, type Field, FieldReader, type Source, type Span } from "./fields";

/** A tensor's numbers in another file. */
export interface ExternalData {
  /** The tensor's name, for messages. */
  tensor: string;
  /** The other file, as a path from the folder of the model. */
  location: string;
  offset: number;
  /** Absent where the file does not say it: all that the tensor's shape needs. */
  length?: number;
}
/** Where a tensor lies, and where in it everything but its numbers. */
export interface TensorSpan extends Span {
  name: string;
  head: Span[];
  /** Its numbers, where they are raw bytes. */
  raw?: Span;
  external?: ExternalData;
}

/** Where everything lies in a model file; nothing of it is decoded. */
export interface ModelMap {
  irVersion: number;
  opsets: Span[];
  /** Functions that the file defines itself. */
  functions: number;
  /** Sparse weights. */
  sparse: number;
  /**
   * Bytes of integers that are listed one by one: they swell when they are decoded, one byte may stand for a whole
   * number.
   */
  listedBytes: number;
  nodes: Span[];
  /** The names of all values that nodes read, those inside of branches too. */
  reads: Set<string>;
  inputs: Span[];
  outputs: Span[];
  initializers: TensorSpan[];
  /** Every tensor that lies in another file, those inside of nodes, branches and functions too. */
  external: ExternalData[];
}

/** What a stranger's file may claim. */
const limits = {
  parts: 50_000,
  portBytes: 2 ** 16,
  nameBytes: 1024,
  locationBytes: 4096,
  depth: 32,
};

/** Field numbers of onnx.proto3 (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3). */
const modelFields = { irVersion: 1, graph: 7, opset: 8, functions: 25 };
const graphFields = { node: 1, initializer: 5, input: 11, output: 12, sparse: 15 };
const functionFields = { node: 7 };
const nodeFields = { input: 1, attribute: 5 };
const attributeFields = { tensor: 5, graph: 6, tensors: 10, graphs: 11 };
const tensorFields = { int64s: 7, name: 8, raw: 9, uint64s: 11, external: 13, location: 14 };
/** Fields of a tensor that hold its numbers: lists of six types, and raw bytes. */
const numberFields = new Set([4, 5, 6, 7, 9, 10, 11]);
const portFields = { name: 1 };
const entryFields = { key: 1, value: 2 };

/** Walks over a model file, reading a few bytes of each of its parts. */
export async function scan(source: Source): Promise<ModelMap> {
  return new Scanner(source).model();
}

class Scanner {
  readonly #reader: FieldReader;
  readonly #map: ModelMap = {
    irVersion: 0,
    opsets: [],
    functions: 0,
    sparse: 0,
    listedBytes: 0,
    nodes: [],
    reads: new Set(),
    inputs: [],
    outputs: [],
    initializers: [],
    external: [],
  };

  constructor(readonly source: Source) {
    this.#reader = new FieldReader(source);
  }

  async model(): Promise<ModelMap> {
    const map = this.#map;
    let graphs = 0;
    for await (const part of this.#reader.fields({ start: 0, end: this.source.size })) {
      if (part.field === modelFields.irVersion) map.irVersion = part.number;
      else if (part.field === modelFields.opset) keep(map.opsets, part, limits.portBytes);
      else if (part.field === modelFields.functions) await this.#function(part);
      else if (part.field === modelFields.graph) {
        if (part.start === part.end || ++graphs > 1) damaged("it does not hold one graph");
        await this.#graph(part);
      }
    }
    if (!graphs || !map.irVersion) damaged("it holds no graph");
    return map;
  }

  async #graph(graph: Span): Promise<void> {
    const map = this.#map;
    for await (const part of this.#reader.fields(graph)) {
      if (part.field === graphFields.input) keep(map.inputs, part, limits.portBytes);
      else if (part.field === graphFields.output) keep(map.outputs, part, limits.portBytes);
      else if (part.field === graphFields.sparse) map.sparse++;
      else if (part.field === graphFields.initializer) keep(map.initializers, await this.#tensor(part));
      else if (part.field === graphFields.node) {
        keep(map.nodes, part);
        await this.#node(part, 0);
      }
    }
  }

  async #function(part: Span): Promise<void> {
    this.#map.functions++;
    for await (const inner of this.#reader.fields(part))
      if (inner.field === functionFields.node) await this.#node(inner, 0);
  }

  /** What lies inside of a node matters only where it points out of the node or of the file. */
  async #node(node: Span, depth: number): Promise<void> {
    if (depth > limits.depth) damaged(`its branches lie ${depth} deep`);
    for await (const part of this.#reader.fields(node)) {
      if (part.field === nodeFields.input) this.#map.reads.add(await this.#reader.text(part, limits.portBytes));
      else if (part.field === nodeFields.attribute) await this.#attribute(part, depth);
    }
  }

  async #attribute(attribute: Span, depth: number): Promise<void> {
    for await (const part of this.#reader.fields(attribute)) {
      if (part.field === attributeFields.tensor || part.field === attributeFields.tensors) await this.#tensor(part);
      else if (part.field === attributeFields.graph || part.field === attributeFields.graphs)
        await this.#branch(part, depth + 1);
    }
  }

  async #branch(graph: Span, depth: number): Promise<void> {
    for await (const part of this.#reader.fields(graph)) {
      if (part.field === graphFields.initializer) await this.#tensor(part);
      else if (part.field === graphFields.node) await this.#node(part, depth);
      else if (part.field === graphFields.output) await this.#branchOutput(part);
    }
  }

  /** A branch may give what lies around it. */
  async #branchOutput(port: Span): Promise<void> {
    for await (const part of this.#reader.fields(port))
      if (part.field === portFields.name) this.#map.reads.add(await this.#reader.text(part, limits.portBytes));
  }

  async #tensor({ start, end }: Span): Promise<TensorSpan> {
    const found: TensorSpan = { start, end, name: "", head: [] };
    const entries: Record<string, string> = {};
    let isExternal = false;
    for await (const part of this.#reader.fields({ start, end })) {
      if (numberFields.has(part.field)) {
        if (part.field === tensorFields.int64s || part.field === tensorFields.uint64s)
          this.#map.listedBytes += part.end - part.start;
        if (part.field === tensorFields.raw) found.raw = { start: part.start, end: part.end };
        continue;
      }
      extend(found.head, { start: part.tag, end: part.end });
      if (part.field === tensorFields.name) found.name = await this.#reader.text(part, limits.nameBytes);
      else if (part.field === tensorFields.external) Object.assign(entries, await this.#entry(part));
      else if (part.field === tensorFields.location) isExternal = part.number === 1;
    }
    if (isExternal || Object.keys(entries).length > 0) {
      found.external = externalOf(found.name, entries);
      keep(this.#map.external, found.external);
    }
    return found;
  }

  async #entry(entry: Span): Promise<Record<string, string>> {
    let name = "";
    let value = "";
    for await (const part of this.#reader.fields(entry)) {
      if (part.field === entryFields.key) name = await this.#reader.text(part, limits.nameBytes);
      else if (part.field === entryFields.value) value = await this.#reader.text(part, limits.locationBytes);
    }
    return { [name]: value };
  }
}

/** What the file says of a tensor in another file (https://github.com/onnx/onnx/blob/main/docs/ExternalData.md). */
function externalOf(tensor: string, entries: Readonly<Record<string, string>>): ExternalData {
  const number = (name: string): number | undefined => {
    const text = entries[name];
    if (text === undefined) return undefined;
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    return Number.isNaN(value) ? damaged(`the tensor “${tensor}” lies at ${name} “${text.slice(0, 40)}”`) : value;
  };
  const { location = "" } = entries;
  const length = number("length");
  return { tensor, location, offset: number("offset") ?? 0, ...(length === undefined ? {} : { length }) };
}

/** Adds a span to others; one that begins where the last ends makes that longer. */
function extend(spans: Span[], { start, end }: Span): void {
  const last = spans.at(-1);
  if (last?.end === start) last.end = end;
  else spans.push({ start, end });
}

function keep<T>(list: T[], part: T): void;
function keep(list: Span[], part: Field, maxBytes: number): void;
function keep<T>(list: T[], part: T, maxBytes?: number): void {
  const { start = 0, end = 0 } = part as Partial<Span>;
  if (maxBytes !== undefined && end - start > maxBytes)
    damaged(`a part claims ${end - start} bytes, and ${maxBytes} are the limit`);
  if (list.length >= limits.parts) damaged(`it has more than ${limits.parts} parts of one kind`);
  list.push(part);
}
