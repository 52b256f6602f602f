import { type DescMessage, fromBinary } from "@bufbuild/protobuf";
import {
  TensorProto_DataType as DataType,
  OperatorSetIdProtoSchema,
  type TypeProto_Tensor,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "onnx-buf";
import type { Dim, DType } from "../graph";
import { decoded, OnnxError } from "./error";
import type { Span } from "./fields";
import type { ModelMap } from "./scan";
import { elementTypeOf } from "./tensor";
import { openAxesOf } from "./texts";

/** An output of a model. Its type is absent where the file does not say it. */
export interface OutputPort {
  name: string;
  /** What Patchbay computes with; "string": texts, which it does not compute with. */
  dtype?: DType | "string";
  /** What the file holds, where that is something else, such as "float16". */
  element?: string;
  /** Absent when the file does not say how many axes there are. Sizes are numbers, the file's own names, or "*". */
  shape?: Dim[];
}
export interface InputPort extends OutputPort {
  dtype: DType | "string";
  /** No op of the file reads it. */
  unread?: boolean;
}
/** All that must be known of a model to wire it: small, and read without its weights. */
export interface Signature {
  opset: number;
  inputs: InputPort[];
  outputs: OutputPort[];
  /** Why the model cannot become ops of a graph, and runs as the file is. */
  asIs?: string;
  /** Rows that it takes at a time, and no others, though it became ops. */
  batch?: number;
  /** Each row of its outputs follows from the same row of its inputs alone. */
  rowwise?: boolean;
}

const limits = { ports: 512, rank: 16 };

/** What a file declares of itself. */
export async function describe(map: ModelMap, read: (span: Span) => Promise<Uint8Array>): Promise<Signature> {
  const part = async <D extends DescMessage>(schema: D, span: Span) => {
    const bytes = await read(span);
    return decoded(() => fromBinary(schema, bytes), "a declaration");
  };
  // A name that is listed twice is one port.
  const infos = async (spans: readonly Span[]): Promise<ValueInfoProto[]> => {
    const all = await Promise.all(spans.map((span) => part(ValueInfoProtoSchema, span)));
    return [...new Map(all.map((info) => [info.name, info])).values()];
  };
  const versions = await Promise.all(map.opsets.map((span) => part(OperatorSetIdProtoSchema, span)));
  const opset = Number(versions.find((v) => v.domain === "" || v.domain === "ai.onnx")?.version ?? 0);
  // Up to IR version 3 every initializer is listed among the inputs too.
  const initializers = new Set(map.initializers.map((i) => i.name));
  const outputs = (await infos(map.outputs)).map(outputOf);
  const given = new Set(outputs.map((port) => port.name));
  const inputs = (await infos(map.inputs))
    .filter((info) => !initializers.has(info.name))
    .map(inputOf)
    .map((port) => (map.reads.has(port.name) || given.has(port.name) ? port : { ...port, unread: true }));
  inputs.forEach(checkTexts);
  if (!outputs.length || inputs.length > limits.ports || outputs.length > limits.ports)
    throw new OnnxError(
      `The model has ${inputs.length} inputs and ${outputs.length} outputs; ` +
        `at most ${limits.ports} of each are read, and at least one output.`,
      "Export the part of the model that you need.",
    );
  return { opset, inputs, outputs };
}

function inputOf(info: ValueInfoProto): InputPort {
  const what = `“${info.name}” of the model`;
  const tensor = tensorTypeOf(info, what);
  if (!tensor)
    throw new OnnxError(
      `${what}, an input, has no type.`,
      "Export the model again: the type of each input is part of an ONNX file.",
    );
  return { name: info.name, ...typeOf(tensor, what) };
}

/** A list of texts, which is what a wire carries, must say all that the shape leaves open. */
function checkTexts({ name, dtype, shape = [], unread }: InputPort): void {
  if (dtype !== "string" || unread || openAxesOf(shape) <= 1) return;
  throw new OnnxError(
    `“${name}” of the model takes texts as [${shape.join(", ")}], ` +
      "and a list of texts does not say how many there are along each axis.",
    "Export the model with fixed sizes for all but one of these axes.",
  );
}

function outputOf(info: ValueInfoProto): OutputPort {
  const what = `“${info.name}” of the model`;
  const tensor = tensorTypeOf(info, what);
  return tensor ? { name: info.name, ...typeOf(tensor, what) } : { name: info.name };
}

/** Undefined where the file says nothing. */
function tensorTypeOf({ type }: ValueInfoProto, what: string): TypeProto_Tensor | undefined {
  const { case: kind, value } = type?.value ?? {};
  if (kind === undefined) return undefined;
  if (kind === "tensorType") return value?.elemType ? value : undefined;
  throw new OnnxError(
    `${what} is ${kinds[kind] ?? "no tensor"}, and only tensors travel along a wire.`,
    "Export a model whose inputs and outputs are tensors; what is between them may be anything.",
  );
}
const kinds: Readonly<Record<string, string>> = {
  sequenceType: "a sequence",
  mapType: "a table of names and values (as sklearn's classifiers give: export with zipmap off)",
  optionalType: "optional",
  sparseTensorType: "a sparse tensor",
};

function typeOf({ elemType, shape }: TypeProto_Tensor, what: string): Omit<InputPort, "name"> {
  const { dtype, name } = elemType === DataType.STRING ? texts : elementTypeOf(elemType, what);
  const element = name === dtype ? {} : { element: name };
  if (!shape) return { dtype, ...element };
  if (shape.dim.length > limits.rank) throw new OnnxError(`${what} claims ${shape.dim.length} axes.`);
  return { dtype, ...element, shape: shape.dim.map(({ value }) => sizeOf(value)) };
}

const texts = { dtype: "string", name: "string" } as const;

function sizeOf(value: { case?: string; value?: unknown }): Dim {
  if (value.case === "dimValue" && (value.value as bigint) > 0n) return Number(value.value);
  const name = value.case === "dimParam" ? (value.value as string) : "";
  return /^[A-Za-z_][\w.-]{0,63}$/.test(name) ? name : "*";
}

/** Names for the ports of a model: its own where they can stand in a wire, and never one that is taken. */
export function portNames(ports: readonly { name: string }[], taken: readonly string[] = []): Map<string, string> {
  const names = new Map<string, string>();
  const used = new Set(taken);
  for (const { name } of ports) {
    const stem =
      name
        .replace(/[^\w-]+/g, "_")
        .replace(/^_+|_+$/g, "")
        .slice(0, 48) || "value";
    let free = stem;
    for (let n = 2; used.has(free); n++) free = `${stem}_${n}`;
    used.add(free);
    names.set(name, free);
  }
  return names;
}

/** Whether all inputs and outputs begin with one size that the file leaves open: its batch, as exporters write it. */
export function hasOpenBatch({ inputs, outputs }: Signature): boolean {
  const first = inputs[0]?.shape?.[0];
  const begins = ({ shape }: OutputPort) => shape?.[0] === first;
  return typeof first === "string" && first !== "*" && inputs.every(begins) && outputs.every(begins);
}

/**
 * The batch that a model was exported for, where all its inputs and outputs that have a shape begin with that number.
 * There is none to give way where texts must tell the size of another axis.
 */
export function fixedBatchOf({ inputs, outputs }: Signature): number | undefined {
  const read = inputs.filter(({ unread }) => !unread);
  const first = read[0]?.shape?.[0];
  const begins = ({ shape }: OutputPort) => shape?.[0] === first;
  const mayBegin = (port: OutputPort) => !port.shape || begins(port);
  if (typeof first !== "number" || !read.every(begins) || !outputs.every(mayBegin)) return undefined;
  return read.some(({ dtype, shape = [] }) => dtype === "string" && openAxesOf(shape) > 0) ? undefined : first;
}

/** The shape that a port takes or gives where the batch that its model was exported for gives way. */
export const freedShapeOf = ({ shape }: OutputPort, batch: number | undefined): Dim[] | undefined =>
  batch === undefined || !shape?.length ? shape : ["batch", ...shape.slice(1)];
