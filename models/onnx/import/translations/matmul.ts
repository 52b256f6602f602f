import type { Translation } from "./call";
import { reshaped } from "./views";

/** A vector stands for a row on the left and for a column on the right, and its axis goes away again. */
export const MatMul: Translation = (call) => {
  const left = call.input(0);
  const right = call.input(1);
  const isRow = left.shape.length === 1;
  const isColumn = right.shape.length === 1;
  const product = call.emit("MatMul", [
    isRow ? reshaped(call, left, [1, ...left.shape]) : left,
    isColumn ? reshaped(call, right, [...right.shape, 1]) : right,
  ]);
  const rank = product.shape.length;
  const kept = product.shape.filter((_, i) => !(isRow && i === rank - 2) && !(isColumn && i === rank - 1));
  return [reshaped(call, product, kept)];
};
