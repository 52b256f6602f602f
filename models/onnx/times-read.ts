import type { Graph } from "./graph";

/** How often each value is read, by its name: by ops, as an output, and as what a parameter becomes. */
export function timesRead({ nodes, outputs, updates }: Graph): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  for (const { name } of [...nodes.flatMap(({ inputs }) => inputs), ...outputs.values(), ...updates.values()])
    times.set(name, (times.get(name) ?? 0) + 1);
  return times;
}
