import type * as ort from "onnxruntime-node";
import { numbersOf } from "./native-tensor";

/** How far a number may be from what is expected: ONNX's own tests allow as much. */
const relative = 1e-3;
const absolute = { float16: 1e-3, others: 1e-5 };

/** Throws where outputs are not what is expected. Wider element types are as good. */
export function compare(results: Record<string, ort.Tensor>, expected: Record<string, ort.Tensor>): void {
  for (const [name, wanted] of Object.entries(expected)) {
    const result = results[name];
    if (!result) throw new Error(`the output ${name} is missing`);
    if (result.dims.join() !== wanted.dims.join())
      throw new Error(`${name} is [${result.dims.join(", ")}], and [${wanted.dims.join(", ")}] is expected`);
    const differs = wanted.type === "string" ? textDiffers(result, wanted) : numberDiffers(result, wanted);
    if (differs) throw new Error(`${name}${differs}`);
  }
}

function textDiffers(result: ort.Tensor, wanted: ort.Tensor): string | undefined {
  const [texts, others] = [result.data as string[], wanted.data as string[]];
  const place = others.findIndex((text, i) => text !== texts[i]);
  return place < 0 ? undefined : `[${place}] is “${texts[place]}”, and “${others[place]}” is expected`;
}

function numberDiffers(result: ort.Tensor, wanted: ort.Tensor): string | undefined {
  const least = wanted.type === "float16" ? absolute.float16 : absolute.others;
  const isNear = (number: number, other: number) =>
    Object.is(number, other) || number === other || Math.abs(number - other) <= least + relative * Math.abs(other);
  const numbers = numbersOf(result);
  const others = numbersOf(wanted);
  const place = others.findIndex((other, i) => !isNear(numbers[i] as number, other));
  return place < 0 ? undefined : `[${place}] is ${numbers[place]}, and ${others[place]} is expected`;
}
