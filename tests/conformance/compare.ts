/** How far what came is from what is stored, counted as the set's README says. */
import type { Tensor } from "#nodes/core/values";
import type { Case, Expected } from "./set";

export interface Difference {
  /** The largest difference of two numbers. */
  largest: number;
  /** What is allowed: abs + rel · the largest stored number. */
  allowed: number;
}

/** Compares an output of a case with what is stored for it. */
export function differenceOf(path: string, got: Tensor, one: Case, expected: Expected): Difference {
  const want = expected.tensors[one.outputs[path] ?? ""] as Tensor;
  const cut = one.rows?.[path] && got.shape.length === 3 ? rowsAt(got, one.rows[path]) : got;
  if (cut.shape.join() !== want.shape.join())
    throw new Error(`${path} is [${cut.shape.join(", ")}], and [${want.shape.join(", ")}] is stored`);
  if (want.dtype === "int64") return { largest: differingIds(cut, want), allowed: 0 };
  const counts = one.masked && path.includes("hidden_states") ? maskOf(one, expected) : undefined;
  const width = want.data.length / Math.max(1, counts?.length ?? 1);
  let largest = 0;
  let scale = 0;
  for (let i = 0; i < want.data.length; i++) {
    const wanted = Number(want.data[i]);
    scale = Math.max(scale, Math.abs(wanted));
    if (counts && !counts[Math.floor(i / width)]) continue;
    const gap = Math.abs(Number(cut.data[i]) - wanted);
    largest = Math.max(largest, Number.isNaN(gap) ? Infinity : gap);
  }
  const { abs, rel } = expected.tolerance;
  return { largest, allowed: abs + rel * scale };
}

function maskOf(one: Case, { tensors }: Expected): boolean[] | undefined {
  const mask = tensors[one.inputs.attention_mask ?? ""];
  return mask && Array.from(mask.data as ArrayLike<bigint>, (n) => n !== 0n);
}

/** How many ids are others. */
function differingIds(got: Tensor, want: Tensor): number {
  return Array.from(want.data as ArrayLike<bigint>).filter((id, i) => id !== (got.data as BigInt64Array)[i]).length;
}

/** Some positions of [B, T, V]. */
function rowsAt({ dtype, shape, data }: Tensor, rows: readonly number[]): Tensor {
  const [batch = 0, length = 0, width = 0] = shape;
  const parts = Array.from({ length: batch }, (_, i) =>
    rows.flatMap((row) => [
      ...(data as Float32Array).subarray((i * length + row) * width, (i * length + row + 1) * width),
    ]),
  );
  return { dtype, shape: [batch, rows.length, width], data: Float32Array.from(parts.flat()) };
}
