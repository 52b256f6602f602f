import { describe, expect, it } from "vitest";
import type { GraphDocument } from "#nodes/graph/document";
import { graph } from "#tests/kit/graphs";
import { tidy } from "./layout-graph";

const size = { width: 240, height: 90 };
const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `n${i}`);

function large(count: number, sourceOf: (i: number) => number | undefined): GraphDocument {
  const nodes = Object.fromEntries(names(count).map((id): [string, [string]] => [id, ["image.augment"]]));
  const wires = names(count).flatMap((id, i) => {
    const source = sourceOf(i);
    return source === undefined ? [] : [`n${source}.image -> ${id}.image`];
  });
  return graph(nodes, wires);
}

describe("Arrange", () => {
  it.each<[string, GraphDocument]>([
    ["a graph of a few nodes", large(12, (i) => (i ? i - 1 : undefined))],
    ["a chain of 3,000", large(3000, (i) => (i ? i - 1 : undefined))],
    ["a fan of 2,000", large(2000, (i) => (i ? 0 : undefined))],
    ["a tree of 1,000", large(1000, (i) => (i ? (i - 1) >> 1 : undefined))],
    ["a ring of 500", large(500, (i) => (i + 499) % 500)],
    ["500 loose nodes", large(500, () => undefined)],
  ])("puts no node of %s on another", (_, document) => {
    const places = Object.values(tidy(document, () => size).nodes).map((node) => node.position);
    const sorted = places.toSorted((a, b) => a.x - b.x || a.y - b.y);
    let overlaps = 0;
    for (const [i, { x, y }] of sorted.entries()) {
      for (let j = i + 1; j < sorted.length && (sorted[j]?.x ?? 0) < x + size.width; j++) {
        if (Math.abs((sorted[j]?.y ?? 0) - y) < size.height) overlaps++;
      }
    }
    expect(overlaps).toBe(0);
  });

  it("gives a long chain and a wide fan the shape of a screen", () => {
    for (const sourceOf of [(i: number) => i - 1, () => 0]) {
      const document = large(1200, (i) => (i ? sourceOf(i) : undefined));
      const places = Object.values(tidy(document, () => size).nodes).map((node) => node.position);
      const width = Math.max(...places.map(({ x }) => x));
      const height = Math.max(...places.map(({ y }) => y));
      expect(width / height).toBeGreaterThan(0.8);
      expect(width / height).toBeLessThan(3);
    }
  });
});
