/**
 * Undo and redo over immutable states. Changes with the same `merge` key in a row are one step: typing a number is one
 * undo. A second of rest ends it.
 */
export interface History<State> {
  past: readonly State[];
  present: State;
  future: readonly State[];
  merge?: string;
  /** When the last change was made, in milliseconds. */
  changedAt?: number;
}
const depth = 200;
/** Milliseconds without a change after which the next one is a step of its own. */
const rest = 1000;

export function begin<State>(present: State): History<State> {
  return { past: [], present, future: [] };
}

export function record<State>(
  history: History<State>,
  next: State,
  merge?: string,
  now: number = Date.now(),
): History<State> {
  if (next === history.present) return history;
  const isGoingOn = merge !== undefined && merge === history.merge && now - (history.changedAt ?? 0) < rest;
  if (isGoingOn) return { ...history, present: next, future: [], changedAt: now };
  const past = [...history.past, history.present].slice(-depth);
  return { past, present: next, future: [], merge, changedAt: now };
}

/** The next change is a step of its own, whatever its key. */
export function settled<State>(history: History<State>): History<State> {
  return history.merge === undefined ? history : { ...history, merge: undefined };
}

export function undo<State>({ past, present, future }: History<State>): History<State> {
  const last = past.at(-1);
  if (last === undefined) return { past, present, future };
  return { past: past.slice(0, -1), present: last, future: [present, ...future] };
}

export function redo<State>({ past, present, future }: History<State>): History<State> {
  const [next, ...rest] = future;
  if (next === undefined) return { past, present, future };
  return { past: [...past, present], present: next, future: rest };
}
