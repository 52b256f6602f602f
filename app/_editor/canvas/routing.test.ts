import { describe, expect, it } from "vitest";
import { random as seeded } from "#models/random";
import type { Point } from "#nodes/graph/document";
import { type Box, isFree, pathBack, routesOf } from "./routing";

const box = (x: number, y: number): Box => ({ x, y, width: 240, height: 120 });
const wire = (from: Point, to: Point, owner = "a") => ({ owner, from, to });

/** The pieces that a wire is drawn in. */
function piecesOf(from: Point, to: Point, bends: readonly Point[]): [Point, Point][] {
  const stops = [from, ...bends, to];
  return stops.slice(1).map((stop, i) => [stops[i] as Point, stop]);
}

describe("a wire", () => {
  it("that meets no node has no bends", () => {
    expect(routesOf([wire({ x: 240, y: 50 }, { x: 900, y: 60 })], [box(500, 200)])).toEqual([[]]);
  });

  it("passes a node in its way above or below, where that is nearer, and level", () => {
    const [above, below] = routesOf(
      [wire({ x: 0, y: 30 }, { x: 1000, y: 30 }), wire({ x: 0, y: 100 }, { x: 1000, y: 100 })],
      [box(400, 0)],
    );
    expect(above?.map(({ y }) => y)).toEqual([-9, -9]);
    expect(below?.map(({ y }) => y)).toEqual([129, 129]);
    expect(above?.map(({ x }) => x)).toEqual([400, 640]);
  });

  it("goes through the space between two nodes of a column", () => {
    const [bends] = routesOf([wire({ x: 0, y: 100 }, { x: 1000, y: 100 })], [box(400, 0), box(400, 150)]);
    expect(bends?.[0]?.y).toBeGreaterThanOrEqual(129);
    expect(bends?.[0]?.y).toBeLessThanOrEqual(141);
  });

  it("lies beside one of another port, and on one of its own", () => {
    const ends = [
      { x: 0, y: 30 },
      { x: 1000, y: 30 },
    ] as const;
    const routes = routesOf([wire(...ends, "a"), wire(...ends, "a"), wire(...ends, "b")], [box(400, 0)]);
    const [one, same, other] = routes.map((bends) => bends[0]?.y);
    expect(same).toBe(one);
    expect(Math.abs((other ?? 0) - (one ?? 0))).toBeGreaterThanOrEqual(6);
  });

  it("that goes back lies in the nearest lane that is free all the way, and is drawn with corners", () => {
    const [from, to] = [
      { x: 860, y: 40 },
      { x: 0, y: 400 },
    ];
    const [bends = []] = routesOf([wire(from, to)], [box(0, 340), box(310, 0), box(310, 130), box(620, 0)]);
    expect(bends).toEqual([
      { x: 880, y: 259 },
      { x: -20, y: 259 },
    ]);
    expect(pathBack(from, bends, to)).toMatch(/^M860,40 L870,40 Q880,40 880,50 .* L0,400$/);
    expect(pathBack(from, [], to)).toBeUndefined();
  });

  it("runs through no node of 500 random graphs in columns", () => {
    const stream = seeded("routes", 7);
    const random = () => stream.uniform();
    for (let round = 0; round < 500; round++) {
      const boxes = Array.from({ length: 6 }, (_, column) => {
        let y = random() * 300;
        return Array.from({ length: 1 + Math.floor(random() * 4) }, () => {
          const height = 60 + random() * 200;
          const placed = { x: 300 + column * 310, y, width: 240, height };
          y += height + 36 + random() * 100;
          return placed;
        });
      }).flat();
      const from = { x: 245, y: random() * 800 };
      const to = { x: 2160, y: random() * 800 };
      const [bends = []] = routesOf([wire(from, to)], boxes);
      for (const [start, end] of piecesOf(from, to, bends)) expect(isFree(start, end, boxes)).toBe(true);
    }
  });
});
