import type { StoredImage } from "../values";

/** Pictures as they were and what became of them, laid over each other. */
export interface BeforeAfter {
  pairs: { before: StoredImage; after: StoredImage; name?: string }[];
  /** How many there were. */
  count: number;
}

declare module "../view" {
  interface Views {
    "before-after": BeforeAfter;
  }
}
