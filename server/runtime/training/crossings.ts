/** Values that cross from one part of a chunked step to another: put together from chunks, and cut into them again. */
import * as ort from "onnxruntime-node";
import type { Crossing } from "#models/train/program";
import type { Tensor } from "#nodes/core/values";
import { sizeOf } from "./tensors";

/** A crossing value put together from chunks along its axis. */
export class Assembly {
  #data: Tensor["data"] | undefined;
  #type: ort.Tensor["type"] = "float32";

  constructor(readonly crossing: Crossing) {}

  put(chunk: number, chunks: number, part: ort.Tensor): void {
    const { axis, shape } = this.crossing;
    const outer = sizeOf(shape.slice(0, axis));
    const inner = sizeOf(shape.slice(axis));
    const length = inner / chunks;
    const data = part.data as Float32Array;
    this.#type = part.type;
    this.#data ??= new (data.constructor as Float32ArrayConstructor)(outer * inner);
    const whole = this.#data as Float32Array;
    for (let row = 0; row < outer; row++)
      whole.set(data.subarray(row * length, (row + 1) * length), row * inner + chunk * length);
  }

  tensor(): ort.Tensor {
    return new ort.Tensor(this.#type as "float32", this.#data as Float32Array, [...this.crossing.shape]);
  }
}

/** One of the equal chunks of a value, along the axis of its crossing. */
export function chunkOf(value: ort.Tensor, { axis, shape }: Crossing, chunk: number, chunks: number): ort.Tensor {
  const outer = sizeOf(shape.slice(0, axis));
  const inner = sizeOf(shape.slice(axis));
  const length = inner / chunks;
  const data = value.data as Float32Array;
  const rowOf = (row: number) => data.subarray(row * inner + chunk * length, row * inner + (chunk + 1) * length);
  const part = outer === 1 ? rowOf(0) : new Float32Array(outer * length);
  if (outer > 1) {
    for (let row = 0; row < outer; row++) part.set(rowOf(row), row * length);
  }
  const partShape = shape.map((size, i) => (i === axis ? size / chunks : size));
  return new ort.Tensor("float32", part, partShape);
}
