import type { Dim, Init, Value } from "#models/onnx/graph";
import { placesOf } from "./attention";
import type { Builder } from "./builder";

interface RingNames {
  /** What the ring [E, K] is called in a checkpoint, and the pointer [1] to where the next batch is written. */
  name: string;
  pointer: string;
  /** K */
  length: number;
  /** What its places hold before anything is written. */
  init: Init;
}

/**
 * Remembers the rows of the last steps: gives the K newest of earlier ones, and after a step of training writes the
 * batch over the oldest. own: [B, E] float32 → [K, E]. Rings with one name of the pointer have one pointer.
 */
export function ring(builder: Builder, own: Value, { name, pointer, length, init }: RingNames): Value {
  const held = builder.buffer(name, [own.shape[1] as number, length], init);
  if (builder.training) write(builder, { held, pointer: builder.buffer(pointer, [1], { kind: "zeros" }), own });
  return builder.op.Transpose(held, { perm: [1, 0] });
}

/** How many rows a batch has, as a float32 scalar. */
export function countOf({ op, constant }: Builder, rows: Value): Value {
  return op.ReduceSum(op.Expand(constant([1]), { to: rows.shape.slice(0, 1) }), { keepdims: 0 });
}

interface Written {
  /** [E, K] */
  held: Value;
  /** Where the next one is written: float32 [1], so that it goes round with all else. */
  pointer: Value;
  /** [B, E] */
  own: Value;
}

/** Writes rows into the ring from the pointer on, and moves it. */
function write(builder: Builder, { held, pointer, own }: Written): void {
  const { op, constant } = builder;
  const length = held.shape[1] as number;
  builder.graph.limit({
    size: own.shape[0] as Dim,
    most: length,
    says: (rows) => `holds ${length}, and a batch has ${rows} rows, which do not fit`,
    hint: "Make the queue as long as several batches, or the batch smaller.",
  });
  const around = (x: Value) => op.Mod(x, constant([length]), { fmod: 1 });
  const count = countOf(builder, own);
  // How far behind the pointer each place lies, and so which row it gets.
  const places = op.Cast(placesOf(builder, length), { dtype: "float32" });
  const offsets = around(op.Sub(op.Add(places, constant([length])), pointer));
  const isWritten = op.Less(offsets, count);
  const row = op.Cast(op.Where(isWritten, offsets, constant([0])), { dtype: "int64" });
  const written = op.Gather(op.Transpose(own, { perm: [1, 0] }), row, { axis: 1 });
  builder.update(held, op.Where(op.Reshape(isWritten, { to: [1, length] }), written, held));
  builder.update(pointer, around(op.Add(pointer, count)));
}
