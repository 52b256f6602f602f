import type { RunEvent } from "#nodes/graph/events";
import type { StoredWarning } from "./cache";

/** More than anybody reads; a node that warns of every row would fill the cache. */
const maxWarnings = 100;

/** Passes on what a step tells, each warning once, and remembers the warnings that belong to its results. */
export class HeardWarnings {
  readonly #told = new Set<string>();
  readonly #heard: { node?: string; message: string }[] = [];

  constructor(readonly passOn: (event: RunEvent) => void) {}

  readonly tell = (event: RunEvent): void => {
    if (event.kind === "warning") {
      const { node, message, passing } = event;
      const name = JSON.stringify([node, message]);
      if (this.#told.has(name) || this.#told.size >= maxWarnings) return;
      this.#told.add(name);
      if (!passing) this.#heard.push({ node, message });
    }
    this.passOn(event);
  };

  /**
   * What belongs to the result of one of the step's nodes: its own warnings, and with the last node those of others.
   */
  of(id: string, nodes: readonly string[]): StoredWarning[] {
    const isLast = id === nodes.at(-1);
    return this.#heard.flatMap(({ node, message }) => {
      if (node === undefined || node === id) return [{ message }];
      return isLast && !nodes.includes(node) ? [{ node, message }] : [];
    });
  }
}
