import { describe, expect, it } from "vitest";
import { aligned, distributed } from "./aligning";
import { freePlace, snapped } from "./snapping";

const boxes = {
  a: { x: 0, y: 0, width: 100, height: 50 },
  b: { x: 130, y: 40, width: 50, height: 100 },
  c: { x: 400, y: 10, width: 100, height: 50 },
};

describe("aligning", () => {
  it("goes by the outermost edge, or by the middle of all", () => {
    expect(aligned(boxes, "left")).toMatchObject({ a: { x: 0, y: 0 }, b: { x: 0, y: 40 }, c: { x: 0, y: 10 } });
    expect(aligned(boxes, "right").b).toEqual({ x: 450, y: 40 });
    expect(aligned(boxes, "centre").b).toEqual({ x: 225, y: 40 });
    expect(aligned(boxes, "top").b).toEqual({ x: 130, y: 0 });
    expect(aligned(boxes, "bottom").a).toEqual({ x: 0, y: 90 });
    expect(aligned(boxes, "middle").c).toEqual({ x: 400, y: 45 });
  });
  it("distributes with equal gaps between the outermost, which stay", () => {
    const { a, b, c } = distributed(boxes, "x");
    expect([a?.x, b?.x, c?.x]).toEqual([0, 225, 400]);
    const two = { a: boxes.a, b: boxes.b };
    expect(distributed(two, "x")).toEqual({ a: { x: 0, y: 0 }, b: { x: 130, y: 40 } });
  });
});

describe("a node that is put among others", () => {
  it("stays where there is room, and lies below what is in its way otherwise", () => {
    const box = { x: 40, y: 0, width: 100, height: 60 };
    expect(freePlace({ ...box, x: 220 }, Object.values(boxes))).toEqual({ x: 220, y: 0 });
    // Below the first, the second would be in its way.
    expect(freePlace(box, Object.values(boxes), 10)).toEqual({ x: 40, y: 150 });
  });
});

describe("a dragged node", () => {
  it("is drawn to the nearest edge or middle of another, and says by which line", () => {
    const { x, y, guides } = snapped({ x: 4, y: 200, width: 100, height: 50 }, [boxes.a, boxes.c]);
    expect([x, y]).toEqual([0, 200]);
    expect(guides).toEqual([{ axis: "x", at: 0, from: 0, to: 250 }]);
  });
  it("stays where it is when nothing is near", () => {
    expect(snapped({ x: 70, y: 300, width: 10, height: 10 }, [boxes.a])).toEqual({ x: 70, y: 300, guides: [] });
  });
});
