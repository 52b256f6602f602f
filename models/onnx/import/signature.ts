import { type DescMessage, fromBinary } from "@bufbuild/protobuf";
import { OperatorSetIdProtoSchema, type ValueInfoProto, ValueInfoProtoSchema } from "onnx-buf";
import type { Dim, DType } from "../graph";
import { decoded, OnnxError } from "./error";
import { type ModelMap, type Source, type Span, scan } from "./scan";
import { dtypeOf } from "./tensor";

/** An input or output of a model as the file declares it. */
export interface Port {
  name: string;
  dtype: DType;
  /** Absent when the file does not say how many axes there are. Sizes are numbers, the file's own names, or "*". */
  shape?: Dim[];
}
/** All that must be known of a model to wire it: small, and read without its weights. */
export interface Signature {
  opset: number;
  inputs: Port[];
  outputs: Port[];
}

export const opsets = { first: 13, last: 21 };
const limits = { ports: 64, rank: 16 };

/** Reads a model's signature, and refuses what cannot be imported whatever its nodes are. */
export async function signatureOf(source: Source): Promise<Signature> {
  return describe(await scan(source), async ({ start, end }) => source.read(start, end));
}

export async function describe(map: ModelMap, read: (span: Span) => Promise<Uint8Array>): Promise<Signature> {
  const part = async <D extends DescMessage>(schema: D, span: Span) => {
    const bytes = await read(span);
    return decoded(() => fromBinary(schema, bytes), "a declaration");
  };
  const versions = await Promise.all(map.opsets.map((span) => part(OperatorSetIdProtoSchema, span)));
  const opset = Number(versions.find((v) => v.domain === "" || v.domain === "ai.onnx")?.version ?? 0);
  if (opset < opsets.first || opset > opsets.last)
    throw new OnnxError(
      `The model uses opset ${opset || "of no standard"}; ${opsets.first} to ${opsets.last} are read.`,
      `Export it again with opset_version between ${opsets.first} and ${opsets.last}.`,
    );
  const external = map.initializers.find((i) => i.external);
  if (external)
    throw new OnnxError(
      `The weights of the model lie in another file (its tensor “${external.name}” does).`,
      "Save it as one file: onnx.save(model, path, save_as_external_data=False).",
    );
  // Up to IR version 3 every initializer is listed among the inputs too.
  const initializers = new Set(map.initializers.map((i) => i.name));
  const ports = async (spans: readonly Span[]) =>
    (await Promise.all(spans.map((span) => part(ValueInfoProtoSchema, span))))
      .filter((p) => !initializers.has(p.name))
      .map(portOf);
  const inputs = await ports(map.inputs);
  const outputs = await ports(map.outputs);
  if (!inputs.length || !outputs.length || inputs.length > limits.ports || outputs.length > limits.ports)
    throw new OnnxError(
      `The model has ${inputs.length} inputs and ${outputs.length} outputs; between 1 and ${limits.ports} are read.`,
      "Export the part of the model that you need.",
    );
  return { opset, inputs, outputs };
}

function portOf({ name, type }: ValueInfoProto): Port {
  if (type?.value.case !== "tensorType")
    throw new OnnxError(`“${name}” of the model is no tensor.`, "Export a model whose inputs and outputs are tensors.");
  const { elemType, shape } = type.value.value;
  const dtype = dtypeOf(elemType, `“${name}” of the model`);
  if (!shape) return { name, dtype };
  if (shape.dim.length > limits.rank) throw new OnnxError(`“${name}” of the model claims ${shape.dim.length} axes.`);
  return {
    name,
    dtype,
    shape: shape.dim.map(({ value }) =>
      value.case === "dimValue" && value.value > 0n
        ? Number(value.value)
        : value.case === "dimParam" && /^[A-Za-z_][\w.-]{0,63}$/.test(value.value)
          ? value.value
          : "*",
    ),
  };
}

/** Names for the ports of a model: its own where they can stand in a wire, and never one that is taken. */
export function portNames(ports: readonly Port[], taken: readonly string[] = []): Map<string, string> {
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
