"use client";

/** Choices of a person about how things look, kept in this browser. */
import { useCallback, useSyncExternalStore } from "react";

const prefix = "patchbay.";
const listeners = new Set<() => void>();

/** What was chosen under a name, or the fallback; nothing is kept where the browser forbids it. */
export function keptChoice(name: string, fallback: string): string {
  try {
    return localStorage.getItem(prefix + name) ?? fallback;
  } catch {
    return fallback;
  }
}

export function keepChoice(name: string, value: string): void {
  try {
    localStorage.setItem(prefix + name, value);
  } catch {
    // A private window: it holds until the page is left, as far as others listen.
  }
  for (const listener of listeners) listener();
}

export function onChoice(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** A choice, and what changes it. */
export function useKept(name: string, fallback: string): [value: string, keep: (value: string) => void] {
  const value = useSyncExternalStore(
    onChoice,
    () => keptChoice(name, fallback),
    () => fallback,
  );
  const keep = useCallback((chosen: string) => keepChoice(name, chosen), [name]);
  return [value, keep];
}
