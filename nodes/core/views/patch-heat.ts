import type { StoredImage } from "../values";

/** Numbers over the patches of pictures. */
export interface PatchHeat {
  /** Rows and columns of patches. */
  grid: [rows: number, columns: number];
  /** What the maps of each picture are called, such as heads. */
  names: string[];
  /** Whether a map has a line of numbers for each token that looks, instead of one line. */
  isFromTokens: boolean;
  /** How many tokens that look come before the patches, such as a class token. */
  before: number;
  pictures: { image: StoredImage; maps: HeatMap[] }[];
  /** How many pictures there were. */
  count: number;
}

/**
 * A map as a picture: a line for each token that looks, a pixel for each patch. Red and green are the high and the low
 * byte of a number between `low` and `high`.
 */
export interface HeatMap {
  numbers: StoredImage;
  low: number;
  high: number;
}

declare module "../view" {
  interface Views {
    "patch-heat": PatchHeat;
  }
}
