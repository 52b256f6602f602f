/** Labels and token ids are looked at before they are fed, so that one beyond the classes or the vocabulary is told. */
import type { IndexBound } from "#models/onnx/index-bounds";
import { rowOfItem } from "#nodes/core/packed";
import type { Tensor } from "#nodes/core/values";
import type { ResolvedGraph } from "#nodes/graph/resolve";
import { Failure } from "../errors";

/** Fails on a number of a tensor that picks nothing. `rows`: which rows of the data they are, where not all. */
export function checkIndices(
  bounds: readonly IndexBound[],
  tensorOf: (input: string) => Tensor | undefined,
  graph: Pick<ResolvedGraph, "nodes">,
  rows?: ArrayLike<number>,
): void {
  for (const bound of bounds) {
    const tensor = tensorOf(bound.input);
    const place = tensor ? farthestBeyond(tensor, bound) : undefined;
    if (!tensor || place === undefined) continue;
    const item = Math.floor(place / (tensor.data.length / (tensor.shape[0] ?? 1)));
    const row = rowOfItem(tensor.counts, item);
    throw failureOf(bound, Number(tensor.data[place]), rows?.[row] ?? row, graph);
  }
}

/**
 * The place of the number that is farthest beyond the bounds, and used: what would have to be given for it is enough
 * for all.
 */
function farthestBeyond({ dtype, data }: Tensor, { least, size, spared }: IndexBound): number | undefined {
  // Numbers of 64 bits as two words, which is some times faster than as BigInt.
  const words = dtype === "int64" ? new Int32Array(data.buffer, data.byteOffset, 2 * data.length) : undefined;
  const numberAt = (i: number): number =>
    words ? (words[2 * i + 1] as number) * 2 ** 32 + ((words[2 * i] as number) >>> 0) : Number(data[i]);
  let place: number | undefined;
  let farthest = 0;
  for (let i = 0; i < data.length; i++) {
    const x = numberAt(i);
    const distance = Math.max(least - x, x - size + 1);
    if (distance <= farthest || spared.includes(x)) continue;
    farthest = distance;
    place = i;
  }
  return place;
}

function failureOf(
  { picks, size, scope, input }: IndexBound,
  found: number,
  row: number,
  graph: Pick<ResolvedGraph, "nodes">,
): Failure {
  const node = scope !== undefined && graph.nodes.has(scope) ? scope : undefined;
  const source = input.split(".")[0] ?? "";
  const where = `It is in row ${row + 1} of ${graph.nodes.get(source)?.definition.title ?? input}.`;
  if (picks === "rows of weights")
    return new Failure({
      node,
      message: `Token id ${found} is beyond the vocabulary: the table has ${size} rows, 0 to ${size - 1}. ${where}`,
      hint: `Set the model's vocabulary to at least ${found + 1}, or take the tokenizer that the model was made with.`,
    });
  return new Failure({
    node,
    message: `Label ${found} is no class: the head gives ${size}. ${where}`,
    hint:
      found < 0
        ? "Classes are numbered from 0: correct the labels, or leave rows out with −100."
        : `Give the head ${found + 1} outputs or more, or correct the labels: they count from 0 to ${size - 1}.`,
  });
}
