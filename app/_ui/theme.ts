"use client";

import { useEffect, useState } from "react";

/** A CSS colour; for the name of one of our variables, its value in the theme that is on. */
export const themed = (colour: string): string =>
  colour.startsWith("--") ? getComputedStyle(document.documentElement).getPropertyValue(colour).trim() : colour;

/** Calls back whenever the page turns light or dark; returns what ends that. */
export function onThemeTurn(turned: () => void): () => void {
  const seen = new MutationObserver(turned);
  seen.observe(document.documentElement, { attributeFilter: ["class"] });
  return () => seen.disconnect();
}

/** A number that changes when the page turns light or dark: what is drawn in themed colours is drawn anew. */
export function useThemeTurns(): number {
  const [turns, setTurns] = useState(0);
  useEffect(() => onThemeTurn(() => setTurns((now) => now + 1)), []);
  return turns;
}
