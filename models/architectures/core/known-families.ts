/**
 * The families of models. A browser has none of them at first, for most graphs hold no such model, and `loadFamilies`
 * fetches them: scripts/build/browser-families.cjs writes this file for it.
 */
import { families as all } from "../families.gen";
import type { Family } from "./architecture";

export const families: readonly Family[] = all;

const loaded = Promise.resolve();

/** Resolves when `families` holds all of them. */
export const loadFamilies = (): Promise<void> => loaded;
