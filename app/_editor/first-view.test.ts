import { describe, expect, it } from "vitest";
import { firstView, legibleZoom } from "./first-view";

const at = (x: number, y: number) => ({ x, y, width: 240, height: 120 });
const size = { width: 900, height: 800 };
const boundsOf = (nodes: { x: number; y: number; width: number; height: number }[]) => {
  const x = Math.min(...nodes.map((node) => node.x));
  const y = Math.min(...nodes.map((node) => node.y));
  const right = Math.max(...nodes.map((node) => node.x + node.width));
  const bottom = Math.max(...nodes.map((node) => node.y + node.height));
  return { x, y, width: right - x, height: bottom - y };
};

describe("the first view of a graph", () => {
  it("is all of it where that can be read", () => {
    const nodes = [at(0, 0), at(600, 300)];
    expect(firstView(boundsOf(nodes), nodes, size)).toBeUndefined();
  });

  it("is the beginning of a wide one, in the middle of the screen", () => {
    const nodes = [at(-100, 500), at(300, 500), at(5000, 9000)];
    const view = firstView(boundsOf(nodes), nodes, size);
    expect(view?.zoom).toBe(legibleZoom);
    expect((view?.x ?? 0) + -100 * legibleZoom).toBeCloseTo(40);
    expect((view?.y ?? 0) + 560 * legibleZoom).toBeCloseTo(400);
  });

  it("of what is too high has the node that the graph begins with, and the most of the rest", () => {
    const rest = [at(300, 0), at(300, 700), at(300, 900), at(600, 1100), at(600, 1300)];
    const nodes = [at(0, 1500), ...rest, at(0, 9000), at(4000, 0)];
    const view = firstView(boundsOf(nodes), nodes, size);
    expect((view?.y ?? 0) + 700 * legibleZoom).toBeCloseTo(40);
  });

  it("of rows below each other is the first of them, though more lies in a later one", () => {
    const frame = { x: -40, y: -40, width: 700, height: 1500 };
    const rows = [at(0, 0), at(300, 0), at(0, 3000), at(300, 3000), at(300, 3200), at(600, 3000), at(4000, 0)];
    for (const nodes of [rows, [frame, ...rows]]) {
      const upper = Math.min(...nodes.map(({ y }) => y));
      const view = firstView(boundsOf(nodes), nodes, size);
      expect((view?.y ?? 0) + upper * legibleZoom).toBeCloseTo(40);
    }
  });

  it("begins at the upper edge of what is too high", () => {
    const nodes = [at(0, -200), at(0, 4000), at(4000, 0)];
    const view = firstView(boundsOf(nodes), nodes, size);
    expect((view?.y ?? 0) + -200 * legibleZoom).toBeCloseTo(40);
  });
});
