/** Recall at k, both ways: what retrieval is measured by. */
import { port } from "./ports";
import type { Series } from "./values";

/** How many partners fit better than the right one, or as well; for each image and for each text. */
export interface Ranks {
  ofImages: Int32Array;
  ofTexts: Int32Array;
}

export const recallPorts = {
  imageToText1: port.number(),
  imageToText5: port.number(),
  imageToText10: port.number(),
  textToImage1: port.number(),
  textToImage5: port.number(),
  textToImage10: port.number(),
  chart: port.series({ doc: "Recall by k, both ways." }),
};

/** The share of pictures, and of texts, whose partner is among the first 1, 5 and 10; and a chart up to 100. */
export function recallsOf({ ofImages, ofTexts }: Ranks) {
  const count = ofImages.length;
  const recall = (ranks: Int32Array, k: number) => ranks.filter((rank) => rank < k).length / (count || 1);
  const ks = [1, 2, 3, 5, 10, 20, 50, 100].filter((k) => k <= count);
  const chart: Series = {
    x: { label: "k", values: ks },
    lines: [
      { name: "image → text", values: ks.map((k) => recall(ofImages, k)) },
      { name: "text → image", values: ks.map((k) => recall(ofTexts, k)) },
    ],
  };
  return {
    imageToText1: recall(ofImages, 1),
    imageToText5: recall(ofImages, 5),
    imageToText10: recall(ofImages, 10),
    textToImage1: recall(ofTexts, 1),
    textToImage5: recall(ofTexts, 5),
    textToImage10: recall(ofTexts, 10),
    chart,
  };
}
