/** The derivatives of all ops, in one table. */

import type { Attrs } from "../graph";
import { activation } from "./activation";
import { attention } from "./attention";
import { conv } from "./conv";
import { elementwise } from "./elementwise";
import { indexing } from "./indexing";
import { matmul } from "./matmul";
import { movement } from "./movement";
import { normalization } from "./normalization";
import { reduce } from "./reduce";
import { resize } from "./resize";
import type { OpRules } from "./rule";

const rules = {
  ...elementwise,
  ...activation,
  ...reduce,
  ...matmul,
  ...movement,
  ...indexing,
  ...normalization,
  ...conv,
  ...resize,
  ...attention,
} satisfies { [K in keyof typeof import("../ops/index").opTable]: unknown };

/** The derivative of an op. Every op has an entry; the table does not compile without. */
export const rulesOf = (op: string): OpRules<Attrs> => rules[op as keyof typeof rules] as unknown as OpRules<Attrs>;

/** Whether training passes an op: by a rule, not at all (its result is a choice or a constant), or not yet. */
export function gradientOf(op: string): "rule" | "none" | "unwritten" {
  const found = rulesOf(op);
  if (found === "unwritten") return found;
  return typeof found === "function" || found.some((rule) => rule !== null) ? "rule" : "none";
}
