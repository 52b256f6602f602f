/** The order in which runs wait, in whole numbers: a run and its job have a priority, the highest is taken first. */

export interface Waiting {
  id: string;
  priority: number;
}

/**
 * Which priorities must change so that runs are taken in this order, when all of them but the one at `place` are in
 * their order already. What is asked for later, with 0, stays behind those that were moved, but before a sweep's.
 */
export function prioritiesFor(order: readonly Waiting[], place: number): Map<string, number> {
  const changed = new Map<string, number>();
  const moved = order[place];
  if (!moved) return changed;
  const [before, after] = [order[place - 1], order[place + 1]];
  const floor = (before?.priority ?? 0) < 0 ? Number.NEGATIVE_INFINITY : 0;
  const lowest = after ? after.priority + 1 : floor;
  const highest = before ? before.priority - 1 : Number.POSITIVE_INFINITY;
  if (lowest <= highest) return changed.set(moved.id, Math.min(highest, Math.max(lowest, 0)));
  let needed = lowest;
  changed.set(moved.id, needed);
  // There is no room between its neighbours: those before it are raised as far as needed.
  for (const run of order.slice(0, place).reverse()) {
    if (run.priority > needed) break;
    needed += 1;
    changed.set(run.id, needed);
  }
  return changed;
}
