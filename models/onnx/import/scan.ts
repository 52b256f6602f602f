import { OnnxError } from "./error";

/** Bytes that are read here and there: an uploaded file in the browser, or one in memory. */
export interface Source {
  size: number;
  read(start: number, end: number): Promise<Uint8Array>;
}
export interface Span {
  start: number;
  end: number;
}

/** Where everything lies in a model file; nothing of it is decoded. */
export interface ModelMap {
  irVersion: number;
  opsets: Span[];
  /** Functions that the file defines itself. */
  functions: number;
  nodes: Span[];
  inputs: Span[];
  outputs: Span[];
  initializers: (Span & { name: string /** Whether its numbers lie in another file. */; external: boolean })[];
}

/** What a stranger's file may claim. Weights are read as they lie; nodes and listed integers swell some thirtyfold, so these are bounded tightly. */
const limits = {
  parts: 50_000,
  nodeBytes: 8 * 2 ** 20,
  nodesBytes: 32 * 2 ** 20,
  portBytes: 2 ** 16,
  nameBytes: 1024,
  listedIntegers: 8 * 2 ** 20,
};

const window = 2 ** 14;
const damaged = (what: string): never => {
  throw new OnnxError(`This cannot be read as an ONNX model: ${what}.`);
};

/** Field numbers of onnx.proto3 (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3). */
const model = { irVersion: 1, graph: 7, opset: 8, functions: 25 };
const graph = { node: 1, initializer: 5, input: 11, output: 12, sparse: 15 };
const tensor = { int64s: 7, uint64s: 11, name: 8, external: 13, location: 14 };

/** Walks over a model file, reading a few bytes of each of its parts: a file of gigabytes costs a few hundred small reads. */
export async function scan(source: Source): Promise<ModelMap> {
  const map: ModelMap = {
    irVersion: 0,
    opsets: [],
    functions: 0,
    nodes: [],
    inputs: [],
    outputs: [],
    initializers: [],
  };
  const reader = new Reader(source);
  let graphs = 0;
  let nodeBytes = 0;
  let listed = 0;
  for await (const part of reader.fields({ start: 0, end: source.size })) {
    if (part.field === model.irVersion) map.irVersion = part.number;
    else if (part.field === model.opset) keep(map.opsets, part, limits.portBytes);
    else if (part.field === model.functions) map.functions++;
    else if (part.field === model.graph) {
      if (part.start === part.end || ++graphs > 1) damaged("it does not hold one graph");
      for await (const inner of reader.fields(part)) await read(inner);
    }
  }
  if (!graphs || !map.irVersion) damaged("it holds no graph");
  return map;

  async function read(part: Part): Promise<void> {
    if (part.field === graph.node) {
      keep(map.nodes, part, limits.nodeBytes);
      nodeBytes += part.end - part.start;
      if (nodeBytes > limits.nodesBytes) damaged(`its nodes take more than ${limits.nodesBytes / 2 ** 20} MiB`);
    } else if (part.field === graph.input) keep(map.inputs, part, limits.portBytes);
    else if (part.field === graph.output) keep(map.outputs, part, limits.portBytes);
    else if (part.field === graph.sparse)
      throw new OnnxError("The model holds sparse tensors, which are not read.", "Export it with dense weights.");
    else if (part.field === graph.initializer) {
      const found = { start: part.start, end: part.end, name: "", external: false };
      for await (const inner of reader.fields(part)) {
        if (inner.field === tensor.name)
          found.name = new TextDecoder().decode(await reader.bytes(inner, limits.nameBytes));
        else if (inner.field === tensor.external || (inner.field === tensor.location && inner.number === 1))
          found.external = true;
        // Lists of integers swell when they are decoded: one byte may stand for a whole number.
        else if (inner.field === tensor.int64s || inner.field === tensor.uint64s) listed += inner.end - inner.start;
      }
      if (listed > limits.listedIntegers)
        damaged(`its integers are listed one by one, on more than ${limits.listedIntegers / 2 ** 20} MiB`);
      map.initializers.push(found);
      if (map.initializers.length > limits.parts) damaged(`it has more than ${limits.parts} tensors`);
    }
  }
}

function keep(list: Span[], { start, end }: Part, maxBytes = Number.POSITIVE_INFINITY): void {
  if (end - start > maxBytes) damaged(`a part claims ${end - start} bytes, and ${maxBytes} are the limit`);
  if (list.length >= limits.parts) damaged(`it has more than ${limits.parts} parts of one kind`);
  list.push({ start, end });
}

/** A field of a protobuf message: where its content lies, and its value where that is a number. */
interface Part extends Span {
  field: number;
  number: number;
}

class Reader {
  #bytes = new Uint8Array();
  #from = 0;
  constructor(readonly source: Source) {}

  /** The content of a small field. */
  async bytes({ start, end }: Span, maxBytes: number): Promise<Uint8Array> {
    if (end - start > maxBytes) damaged(`a name claims ${end - start} bytes`);
    return this.source.read(start, end);
  }

  /** The fields of a message, without what is in them (https://protobuf.dev/programming-guides/encoding/). */
  async *fields({ start, end }: Span): AsyncGenerator<Part> {
    for (let at = start; at < end; ) {
      const tag = await this.#varint(at, end);
      const wire = tag.value & 7;
      const field = Math.floor(tag.value / 8);
      if (field === 0) damaged(`there is no field at byte ${at}`);
      if (wire === 0) {
        const { value, next } = await this.#varint(tag.next, end);
        yield { field, number: value, start: tag.next, end: next };
        at = next;
        continue;
      }
      const { value: length, next } =
        wire === 2
          ? await this.#varint(tag.next, end)
          : { value: wire === 1 ? 8 : wire === 5 ? 4 : Number.NaN, next: tag.next };
      if (!(next + length <= end))
        damaged(
          Number.isNaN(length)
            ? `there is no field at byte ${at}`
            : `a part at byte ${at} claims ${length} bytes, and ${end - next} are left`,
        );
      yield { field, number: 0, start: next, end: next + length };
      at = next + length;
    }
  }

  async #varint(at: number, end: number): Promise<{ value: number; next: number }> {
    let value = 0;
    for (let i = 0; i < 10; i++) {
      if (at + i >= end) return damaged("it ends in the middle of a number");
      const byte = await this.#byte(at + i);
      value += (byte & 127) * 2 ** (7 * i);
      if (byte < 128) return { value, next: at + i + 1 };
    }
    return damaged(`there is no number at byte ${at}`);
  }

  async #byte(at: number): Promise<number> {
    if (at < this.#from || at >= this.#from + this.#bytes.length) {
      this.#bytes = new Uint8Array(await this.source.read(at, Math.min(this.source.size, at + window)));
      this.#from = at;
    }
    return this.#bytes[at - this.#from] ?? damaged("it ends early");
  }
}
