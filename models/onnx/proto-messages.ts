/** The messages of an ONNX model: attributes, tensors, and what is said of inputs and outputs. */

import { create } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType as A,
  type AttributeProto,
  AttributeProtoSchema,
  type GraphProto,
  type TensorProto,
  TensorProto_DataLocation,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "onnx-buf";
import type { Attrs, DType, Shape, Value } from "./graph";

/** ONNX's numbers for element types. */
export const elementTypes: Record<DType, number> = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
};

/** The same for element types of files, as safetensors calls them: those that `isReadable` names. */
export const storedTypes: Record<string, number> = {
  F32: 1,
  F16: 10,
  F64: 11,
  BF16: 16,
  F8_E4M3: 17,
  F8_E4M3FNUZ: 18,
  F8_E5M2: 19,
  F8_E5M2FNUZ: 20,
};

/** Those of which the runtime takes rows as they are. */
export const gatheredTypes: ReadonlySet<string> = new Set(["F16", "BF16", "F64"]);

/** Numbers that lie in a file in the model's folder, where the runtime reads them. */
export interface Stored {
  location: string;
  /** As safetensors calls it. */
  dtype: string;
  /** Bytes from the start of the file. */
  offset: number;
  bytes: number;
}
/** An attribute of ours in ONNX's words. Whether a number is an integer is the op's affair: floats are named here. */
const floats = new Set(["epsilon", "alpha", "beta", "gamma", "cubic_coeff_a", "scale"]);
export function attribute(name: string, value: Exclude<Attrs[string], undefined> | GraphProto): AttributeProto {
  if (typeof value === "object" && "node" in value)
    return create(AttributeProtoSchema, { name, type: A.GRAPH, g: value });
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

/** The name, type and shape of an input or output. */
export function info({ name, dtype, shape }: Value): ValueInfoProto {
  const dim = shape.map((d) =>
    typeof d === "string"
      ? { value: { case: "dimParam" as const, value: d } }
      : { value: { case: "dimValue" as const, value: BigInt(d) } },
  );
  const type = { elemType: elementTypes[dtype], shape: { dim } };
  return create(ValueInfoProtoSchema, { name, type: { value: { case: "tensorType", value: type } } });
}

export const bytesOf = (data: ArrayBufferView<ArrayBuffer>): Uint8Array<ArrayBuffer> =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
export const tensor = ({ name, dtype, shape }: Value, rest: Partial<TensorProto>): TensorProto =>
  create(TensorProtoSchema, {
    name,
    dataType: elementTypes[dtype],
    dims: shape.map((d) => BigInt(d)),
    ...(rest as object),
  });

/** A tensor whose numbers lie in another file (ONNX, "External data"), or are there as bytes. */
export function external(
  name: string,
  dataType: number,
  shape: Shape,
  source: Stored | Uint8Array<ArrayBuffer>,
): TensorProto {
  const dims = shape.map((d) => BigInt(d));
  if (source instanceof Uint8Array) return create(TensorProtoSchema, { name, dataType, dims, rawData: source });
  const { location, offset, bytes } = source;
  const entries = Object.entries({ location, offset, length: bytes });
  return create(TensorProtoSchema, {
    name,
    dataType,
    dims,
    dataLocation: TensorProto_DataLocation.EXTERNAL,
    externalData: entries.map(([key, value]) => ({ key, value: String(value) })),
  });
}
