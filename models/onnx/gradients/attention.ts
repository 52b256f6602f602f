import type * as ops from "../ops/attention";
import { arg, type RulesOf } from "./rule";

export const attention: RulesOf<typeof ops> = {
  // A turn by the other way is its own adjoint's.
  RotaryEmbedding: [
    (c) => c.op.RotaryEmbedding(c.dy, arg(c, 1), arg(c, 2), c.op.Neg(arg(c, 3)), c.attrs),
    null,
    null,
    null,
  ],
  // It is for generation alone: what trains is built of plain ops.
  GroupQueryAttention: "unwritten",
};
