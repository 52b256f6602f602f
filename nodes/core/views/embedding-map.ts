import type { StoredImage } from "../values";

/** Points of a plane, each a row of embeddings. */
export interface EmbeddingMap {
  x: number[];
  y: number[];
  /** What points are called, and which name each point has; without labels there are none. */
  names?: string[];
  labels?: number[];
  /** Small copies of the points' pictures in one picture, row by row, squares of `side` pixels. */
  pictures?: { image: StoredImage; side: number; columns: number };
  /** How the plane was found, in words. */
  method: string;
  /** How many rows there were. */
  count: number;
}

declare module "../view" {
  interface Views {
    "embedding-map": EmbeddingMap;
  }
}
