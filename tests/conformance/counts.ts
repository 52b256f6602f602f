/** What the run compared, told in one line at its end; each part adds its own. */
const counts = new Map<string, number>();

export function count(what: string, amount = 1): void {
  counts.set(what, (counts.get(what) ?? 0) + amount);
}

export function countsLine(): string {
  return [...counts].map(([what, amount]) => `${amount} ${what}`).join(", ");
}
