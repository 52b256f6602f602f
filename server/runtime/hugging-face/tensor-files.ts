/** Tensors of a call in .safetensors files: ids and masks as integers, all else as float32. */
import { isReadable } from "#models/files/element-types";
import { readSafetensors, type StoredTensor, type TensorToWrite, toFloat32 } from "#models/files/safetensors";
import type { Tensor } from "#nodes/core/values";
import { Failure } from "../../errors";

/** The tensors of a file, by name. */
export function tensorsIn(bytes: Uint8Array): Record<string, Tensor> {
  const { tensors } = readSafetensors(bytes);
  return Object.fromEntries([...tensors].map(([name, stored]) => [name, tensorOf(name, stored)]));
}

function tensorOf(name: string, { dtype, shape, data }: StoredTensor): Tensor {
  if (isReadable(dtype)) return { dtype: "float32", shape, data: toFloat32({ dtype, data }, name) };
  const { buffer } = Uint8Array.from(data); // aligned
  if (dtype === "I64") return { dtype: "int64", shape, data: new BigInt64Array(buffer) };
  if (dtype === "I32") return { dtype: "int32", shape, data: new Int32Array(buffer) };
  if (dtype === "U8" || dtype === "BOOL")
    return { dtype: dtype === "BOOL" ? "bool" : "uint8", shape, data: new Uint8Array(buffer) };
  throw new Failure({
    message: `The tensor “${name}” is of the element type ${dtype}, which no model takes.`,
    hint: "Save ids as int64 and pixels as float32.",
  });
}

const integerTypes: Partial<Record<Tensor["dtype"], string>> = {
  int64: "I64",
  int32: "I32",
  uint8: "U8",
  bool: "BOOL",
};

/** A tensor as it is written. */
export function tensorToWrite(name: string, { dtype, shape, data }: Tensor): TensorToWrite {
  if (data instanceof Float32Array || data instanceof Float64Array) return { name, shape, data };
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { name, shape, dtype: integerTypes[dtype] ?? "F16", data: bytes };
}
