/** Tensors on their way into files: rounded to another precision piece by piece, and dealt out to files. */
import type { TensorAddress } from "#models/files/checkpoint";
import { bitsOf, decode, encode } from "#models/files/element-types";
import type { StreamedTensor } from "#models/files/safetensors";
import { carried, piecesOf } from "./checkpoint";
import type { Host } from "./host";

export const precisions = ["as it is", "float32", "float16", "bfloat16"] as const;
export type Precision = (typeof precisions)[number];

export interface Conversion {
  host: Pick<Host, "size" | "read">;
  name: string;
  address: TensorAddress;
  precision: Precision;
  /** Is told of a tensor with numbers that the element type does not reach. */
  onBeyond(name: string): void;
}

/** A tensor to be written in a precision; what holds anything else than floating-point numbers is kept. */
export function inPrecision(conversion: Conversion): StreamedTensor {
  const { host, name, address, precision } = conversion;
  const dtype = precision === "as it is" ? undefined : dtypes[precision];
  return dtype && sources[dtype].includes(address.dtype) ? converted(conversion, dtype) : carried(host, name, address);
}

/** As large as Hugging Face's own files are. */
const shardBytes = 5e9;

/** Tensors file by file. */
export function shardsOf(list: readonly StreamedTensor[], mostBytes = shardBytes): StreamedTensor[][] {
  const shards: StreamedTensor[][] = [[]];
  let bytes = 0;
  for (const tensor of list) {
    if (bytes > 0 && bytes + tensor.bytes > mostBytes) {
      shards.push([]);
      bytes = 0;
    }
    shards.at(-1)?.push(tensor);
    bytes += tensor.bytes;
  }
  return shards;
}

export function beyondOf([first, ...others]: readonly string[]): string {
  const more = others.length ? ` and ${others.length} other tensors` : "";
  return `Numbers of “${first}”${more} are beyond 65,504, the largest of float16, and become infinity.`;
}

type HalfOrFull = "F16" | "BF16" | "F32";
const dtypes = { float32: "F32", float16: "F16", bfloat16: "BF16" } as const;
/** What is converted to each precision; all else is kept. */
const sources: Record<HalfOrFull, readonly string[]> = {
  F16: ["F64", "F32", "BF16"],
  BF16: ["F64", "F32", "F16"],
  F32: ["F64", "BF16", "F16"],
};

function converted({ host, name, address, onBeyond }: Conversion, dtype: HalfOrFull): StreamedTensor {
  const count = address.shape.reduce((product, size) => product * size, 1);
  async function* parts() {
    let isBeyond = false;
    for await (const piece of piecesOf(host, address)) {
      const numbers = decode(address.dtype, piece) as Float32Array<ArrayBuffer>;
      isBeyond ||= dtype === "F16" && numbers.some((x) => Math.abs(x) > largestHalf && Number.isFinite(x));
      yield encode(dtype, numbers);
    }
    if (isBeyond) onBeyond(name);
  }
  return { name, dtype, shape: address.shape, bytes: (count * (bitsOf(dtype) as number)) / 8, parts };
}

/** The largest number that float16 does not round to infinity. */
const largestHalf = 65519.99;
