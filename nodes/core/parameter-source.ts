/** Where the numbers of a model's parameters come from, and how they are read. */
import type { TensorAddress } from "#models/files/checkpoint";
import { dequantize, type QuantizedTensor } from "#models/files/quantized";
import { toFloat32 } from "#models/files/safetensors";
import type { Host } from "./host";

/** A parameter's numbers, or where they lie: a range of a file, or two for a matrix in blocks. */
export type ParameterSource = Float32Array<ArrayBuffer> | TensorAddress | QuantizedTensor;

/** The numbers of one parameter, as float32. */
export async function numbersOf(
  source: ParameterSource,
  { read }: Pick<Host, "read">,
): Promise<Float32Array<ArrayBuffer>> {
  if (source instanceof Float32Array) return source;
  const bytesOf = ({ file, start, end }: TensorAddress) => read(file, start, end);
  if ("dtype" in source) return toFloat32({ dtype: source.dtype, data: await bytesOf(source) });
  const scales = toFloat32({ dtype: source.scales.dtype, data: await bytesOf(source.scales) });
  return dequantize(await bytesOf(source.values), scales, source);
}
