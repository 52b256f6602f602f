/** Numbers that are NaN or infinite where a training begins: in the parameters it starts from, in the data it reads. */
import { rowOfItem } from "#nodes/core/packed";
import type { Tensor } from "#nodes/core/values";
import type { Lowered } from "#nodes/graph/lower";
import type { ResolvedGraph } from "#nodes/graph/resolve";
import { Failure } from "../../errors";
import type { DrawnBatch } from "./state";

/** A step from such parameters gives nothing but NaN: it is not taken. */
export function refuseNonFinite({ parameters }: Lowered, values: ReadonlyMap<string, Float32Array>): void {
  const broken = parameters.flatMap((parameter) => {
    const numbers = values.get(parameter.graphName);
    const count = numbers ? countNonFinite(numbers) : 0;
    return numbers && count ? [{ ...parameter, count, total: numbers.length }] : [];
  });
  const [first] = broken;
  if (!first) return;
  const more = broken.length > 1 ? `, and so are numbers of ${broken.length - 1} other parameters` : "";
  throw new Failure({
    node: first.weights?.node,
    port: first.weights?.port,
    message:
      `The training cannot start from these weights: ${first.count} of ${first.total} numbers of “${first.name}” ` +
      `are NaN or infinite${more}.`,
    hint: "Take an earlier checkpoint, or one that was saved in a wider precision.",
  });
}

/** Where the data of a batch holds NaN or infinity: the value's name as a person knows it, and the row. */
export function brokenData(batches: readonly DrawnBatch[], graph: ResolvedGraph): string | undefined {
  for (const { feeds, rows } of batches) {
    for (const [name, tensor] of feeds) {
      const place = firstNonFinite(tensor);
      if (place === undefined) continue;
      const item = Math.floor(place / (tensor.data.length / (tensor.shape[0] ?? 1)));
      const row = rowOfItem(tensor.counts, item);
      const title = graph.nodes.get(name.split(".")[0] ?? "")?.definition.title ?? name;
      return `${title} gives NaN or infinity for row ${(rows[row] ?? row) + 1}.`;
    }
  }
  return undefined;
}

function countNonFinite(numbers: Float32Array): number {
  let count = 0;
  for (let i = 0; i < numbers.length; i++) {
    if (!Number.isFinite(numbers[i])) count++;
  }
  return count;
}

function firstNonFinite({ dtype, data }: Tensor): number | undefined {
  if (dtype !== "float32" && dtype !== "float64") return undefined;
  const place = (data as Float32Array).findIndex((x) => !Number.isFinite(x));
  return place < 0 ? undefined : place;
}
