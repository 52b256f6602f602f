import type { Series } from "#nodes/core/values";

/** What a training tells, step by step: one number for each line, NaN where a line has none. */
export class Curve {
  readonly lines = new Map<string, number[]>();
  #steps = 0;

  get steps(): number {
    return this.#steps;
  }

  /** Sets numbers of the current step or of the next one. */
  add(step: number, values: Record<string, number>): void {
    this.#steps = Math.max(this.#steps, step);
    for (const [name, value] of Object.entries(values)) {
      const line = this.lines.get(name) ?? [];
      this.lines.set(name, line);
      while (line.length < step - 1) line.push(Number.NaN);
      line[step - 1] = value;
    }
  }

  /** The numbers of a step, as they were told. */
  at(step: number): Record<string, number> {
    return Object.fromEntries(
      [...this.lines].flatMap(([name, line]) =>
        Number.isNaN(line[step - 1] ?? Number.NaN) ? [] : [[name, line[step - 1] as number]],
      ),
    );
  }

  restore(lines: ReadonlyMap<string, ArrayLike<number>>, steps: number): void {
    for (const [name, line] of lines) this.lines.set(name, Array.from(line));
    this.#steps = steps;
  }

  /** How a metric did: the step of its best value, and how many values came after that one. */
  best(name: string, better: "higher" | "lower"): { step: number; value: number; since: number } | undefined {
    let best: { step: number; value: number; since: number } | undefined;
    for (const [i, value] of (this.lines.get(name) ?? []).entries()) {
      if (Number.isNaN(value)) continue;
      if (!best || (better === "higher" ? value > best.value : value < best.value))
        best = { step: i + 1, value, since: 0 };
      else best.since++;
    }
    return best;
  }

  series(): Series {
    const value = (x: number | undefined) => (x === undefined || Number.isNaN(x) ? null : x);
    return {
      x: { label: "step", values: Array.from({ length: this.#steps }, (_, i) => i + 1) },
      lines: [...this.lines].map(([name, line]) => ({
        name,
        values: Array.from({ length: this.#steps }, (_, i) => value(line[i])),
      })),
    };
  }
}
