import * as z from "zod";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import type { Tensor } from "../core/values";

export const crop = defineNode({
  type: "image.crop",
  title: "Crop",
  description: "Cuts a rectangle out of pictures of one size.",
  synonyms: ["region of interest", "ROI", "ImageCrop"],
  docs: `The rectangle is placed by an anchor. Input must be resized already: uint8 [N, H, W, 3] → [N, height,
width, 3].`,
  version: 1,
  inputs: { image: port.image({ shape: ["N", "H", "W"] }) },
  outputs: { image: port.image({ shape: ["N", "$height", "$width"] }) },
  params: {
    width: z.int().min(1).max(4096).default(224).meta({ unit: "px" }),
    height: z.int().min(1).max(4096).default(224).meta({ unit: "px" }),
    anchor: z.enum(["centre", "top-left", "top-right", "bottom-left", "bottom-right"]).default("centre"),
  },
  rowwise: true,
  async run({ inputs, params: { width, height, anchor } }) {
    if (!("pixels" in inputs.image))
      throw Object.assign(new Error("The pictures have sizes of their own, so no common rectangle can be cut."), {
        hint: "Put a Resize before the Crop.",
      });
    const [n = 0, h = 0, w = 0] = inputs.image.pixels.shape;
    const source = inputs.image.pixels.data as Uint8Array;
    if (height > h || width > w)
      throw Object.assign(new Error(`A crop of ${width} × ${height} does not fit into pictures of ${w} × ${h}.`), {
        hint: "Make the crop smaller or the pictures larger.",
      });
    const top = offset(h - height, anchor === "centre", anchor.startsWith("bottom"));
    const left = offset(w - width, anchor === "centre", anchor.endsWith("right"));
    const data = new Uint8Array(n * height * width * 3);
    for (let i = 0; i < n; i++) {
      for (let y = 0; y < height; y++) {
        const from = ((i * h + y + top) * w + left) * 3;
        data.set(source.subarray(from, from + width * 3), (i * height + y) * width * 3);
      }
    }
    const pixels: Tensor = { dtype: "uint8", shape: [n, height, width, 3], data };
    return { image: { pixels } };
  },
});

/** How much of what is left over lies before the rectangle. */
function offset(leftOver: number, inTheMiddle: boolean, atTheEnd: boolean): number {
  if (inTheMiddle) return leftOver >> 1;
  return atTheEnd ? leftOver : 0;
}
