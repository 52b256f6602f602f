import { expect, it } from "vitest";
import { flat, floats, runNode } from "#tests/kit/run-node";
import { reconstruction } from "./reconstruction";

it("shows pictures, what was seen of them, and what was drawn for the rest", async () => {
  const picture = flat(2, 2, [
    [10, 20, 30],
    [40, 50, 60],
  ]);
  // One patch of one pixel is taken away in the first picture, and drawn as white.
  const patches = floats([2, 4, 3], new Array(24).fill(1));
  const mask = floats([2, 4], [0, 1, 0, 0, 0, 0, 0, 0]);
  const params = { patch: 1, target: "raw", preset: "none", limit: 1 };
  const { gallery } = await runNode(reconstruction, { image: picture, patches, mask }, params);
  expect(gallery.images).toHaveLength(1);
  expect(gallery.images[0]).toMatchObject({ width: 6, height: 2 });
});
