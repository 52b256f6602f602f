import type { PictureDrawing } from "../preview";
import type { StoredImage } from "../values";

/** Pictures with the tiles that they are cut into. */
export interface Tiles {
  pictures: { image: StoredImage; drawing: PictureDrawing }[];
  /** How many pictures there were. */
  count: number;
}

declare module "../view" {
  interface Views {
    tiles: Tiles;
  }
}
