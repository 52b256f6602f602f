/** A graph with its weights as an .onnx file, and beside it, where they are many, a second file that holds them. */
import type { TensorAddress } from "#models/files/checkpoint";
import type { QuantizedTensor } from "#models/files/quantized";
import { toFloat32 } from "#models/files/safetensors";
import type { Graph } from "#models/onnx/graph";
import { type ParameterNumbers, toModel } from "#models/onnx/proto";
import type { Stored } from "#models/onnx/proto-messages";
import { sizeOf } from "#models/onnx/shape";
import { piecesOf } from "./checkpoint";
import type { Host } from "./host";
import { numbersOf, type ParameterSource } from "./parameter-source";

/** Weights up to so many bytes may lie in the model's own file; protobuf ends at 2 GiB. */
const maxInside = 1.5 * 2 ** 30;

export interface OnnxFiles {
  model: Uint8Array;
  /** The weights, where they are not in the model: it must lie in the model's folder, called as was asked. */
  data?: { bytes: number; parts(): AsyncGenerator<Uint8Array> };
}

export interface OnnxLayout {
  /** What the second file is called. */
  dataName: string;
  isBeside: boolean;
}

type Reader = Pick<Host, "size" | "read">;

/** Writes a graph whose parameters come from `sources`: float32, or blocks as they are, tensor by tensor. */
export async function onnxFiles(
  reader: Reader,
  graph: Graph,
  sources: ReadonlyMap<string, ParameterSource>,
  { dataName, isBeside }: OnnxLayout,
): Promise<OnnxFiles> {
  const laid = layOut(sources, dataName);
  const written = (values: ReadonlyMap<string, ParameterNumbers>) =>
    toModel(graph, { parameters: "initializers", values: (name) => values.get(name) as ParameterNumbers });
  if (!isBeside && laid.bytes <= maxInside) return { model: written(await numbersOfAll(sources, reader)) };
  return { model: written(laid.places), data: { bytes: laid.bytes, parts: () => bytesOfAll(sources, reader) } };
}

/** Where each parameter begins in a file of all of them, one behind the other: float32, or blocks with their scales. */
function layOut(sources: ReadonlyMap<string, ParameterSource>, location: string) {
  const places = new Map<string, ParameterNumbers>();
  let offset = 0;
  const place = (dtype: string, bytes: number): Stored => {
    const stored = { location, dtype, offset, bytes };
    offset += bytes;
    return stored;
  };
  for (const [name, source] of sources) {
    if (!isQuantized(source)) places.set(name, place("F32", 4 * countOf(source)));
    else {
      const values = place("U8", source.values.end - source.values.start);
      places.set(name, { ...source, values, scales: place("F32", source.scales.end - source.scales.start) });
    }
  }
  return { places, bytes: offset };
}

const isQuantized = (source: ParameterSource): source is QuantizedTensor => "scales" in source;

/** How many numbers a parameter has. */
function countOf(source: Float32Array | TensorAddress): number {
  return source instanceof Float32Array ? source.length : sizeOf(source.shape);
}

/** The same bytes, tensor by tensor. */
async function* bytesOfAll(sources: ReadonlyMap<string, ParameterSource>, reader: Reader): AsyncGenerator<Uint8Array> {
  for (const source of sources.values()) {
    if (isQuantized(source)) {
      yield* piecesOf(reader, source.values);
      yield* piecesOf(reader, source.scales);
    } else if (source instanceof Float32Array) yield bytesOf(source);
    else {
      for await (const piece of piecesOf(reader, source))
        yield bytesOf(toFloat32({ dtype: source.dtype, data: piece }));
    }
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

async function numbersOfAll(
  sources: ReadonlyMap<string, ParameterSource>,
  reader: Reader,
): Promise<Map<string, ParameterNumbers>> {
  const numbers = new Map<string, ParameterNumbers>();
  for (const [name, source] of sources) {
    if (!isQuantized(source)) numbers.set(name, await numbersOf(source, reader));
    else {
      const read = ({ file, start, end }: TensorAddress) => reader.read(file, start, end);
      numbers.set(name, { ...source, values: await read(source.values), scales: await read(source.scales) });
    }
  }
  return numbers;
}
