import { totalmem } from "node:os";
import { env } from "../env";

/**
 * How many bytes runs may hold: `PATCHBAY_MEMORY`, or half of what the machine, or the group that this process is in,
 * has.
 */
export function memoryLimit(): number {
  const { memory } = env();
  if (memory !== undefined) return memory;
  const group = process.constrainedMemory(); // 0, or more than there is, where there is no limit
  return (group > 0 ? Math.min(group, totalmem()) : totalmem()) / 2;
}
