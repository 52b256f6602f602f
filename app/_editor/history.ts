/** Undo and redo over immutable states. Changes with the same `merge` key in a row are one step: typing a number is one undo. */
export interface History<S> {
  past: readonly S[];
  present: S;
  future: readonly S[];
  merge?: string;
}
const depth = 200;

export const begin = <S>(present: S): History<S> => ({ past: [], present, future: [] });

export function record<S>(history: History<S>, next: S, merge?: string): History<S> {
  if (next === history.present) return history;
  if (merge !== undefined && merge === history.merge) return { ...history, present: next, future: [] };
  return { past: [...history.past, history.present].slice(-depth), present: next, future: [], merge };
}
export function undo<S>({ past, present, future }: History<S>): History<S> {
  const last = past.at(-1);
  return last === undefined
    ? { past, present, future }
    : { past: past.slice(0, -1), present: last, future: [present, ...future] };
}
export function redo<S>({ past, present, future }: History<S>): History<S> {
  const [next, ...rest] = future;
  return next === undefined ? { past, present, future } : { past: [...past, present], present: next, future: rest };
}
