/** Reads what an ONNX file declares of itself. */
import { type DescMessage, fromBinary } from "@bufbuild/protobuf";
import {
  TensorProto_DataType as DataType,
  OperatorSetIdProtoSchema,
  type TypeProto_Tensor,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "onnx-buf";
import type { Dim } from "../graph";
import { decoded, OnnxError } from "./error";
import type { Span } from "./fields";
import type { ModelMap } from "./scan";
import type { InputPort, OutputPort, Signature } from "./signature";
import { elementTypeOf } from "./tensor";
import { openAxesOf } from "./texts";

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
