/** What a merge asks, and what was chosen. */

export type Choice = "mine" | "theirs";

/** A part that both changed, each otherwise: only a person knows which is meant. */
export interface Conflict {
  /** Names the conflict in `choices`. */
  key: string;
  /** The way to it from the document, as in `Change`. */
  path: readonly string[];
  base: unknown;
  mine: unknown;
  theirs: unknown;
}

/** The three states of one part; `undefined` where there is none. */
export interface Sides {
  base: unknown;
  mine: unknown;
  theirs: unknown;
}

export class Choices {
  /** What was not chosen, in the order in which it was met. */
  readonly conflicts: Conflict[] = [];

  /** `otherwise` is for all conflicts that `chosen` does not name; without it they are asked, and mine stands. */
  constructor(
    readonly chosen: Readonly<Record<string, Choice>> = {},
    readonly otherwise?: Choice,
  ) {}

  /** What stands in a place for which both have something else. */
  choose({ base, mine, theirs }: Sides, path: readonly string[]): unknown {
    const key = JSON.stringify(path);
    const choice = (Object.hasOwn(this.chosen, key) ? this.chosen[key] : undefined) ?? this.otherwise;
    if (!choice) this.conflicts.push({ key, path, base, mine, theirs });
    return choice === "theirs" ? theirs : mine;
  }
}
