/**
 * Undo and redo over immutable states. Changes with the same `merge` key in a row are one step: typing a number is one
 * undo.
 */
export interface History<State> {
  past: readonly State[];
  present: State;
  future: readonly State[];
  merge?: string;
}
const depth = 200;

export function begin<State>(present: State): History<State> {
  return { past: [], present, future: [] };
}

export function record<State>(history: History<State>, next: State, merge?: string): History<State> {
  if (next === history.present) return history;
  if (merge !== undefined && merge === history.merge) return { ...history, present: next, future: [] };
  return { past: [...history.past, history.present].slice(-depth), present: next, future: [], merge };
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
