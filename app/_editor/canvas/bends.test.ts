import { expect, it } from "vitest";
import { bend } from "#nodes/graph/annotations";
import type { Wire } from "#nodes/graph/document";
import { tinyTower } from "#tests/kit/graphs";
import { bendAt, bendsAfterKey } from "./bends";

const wire: Wire = { from: { node: "resize", port: "image" }, to: { node: "normalize", port: "image" } };
const ends = [
  { x: 0, y: 0 },
  { x: 400, y: 0 },
] as const;

it("A wire is bent between the bends that the place is nearest to", () => {
  const once = bendAt(tinyTower(), wire, ends, { x: 200, y: 40 });
  const bent = once.wires.find(({ via }) => via) as Wire;
  expect(bent).toEqual({ ...wire, via: [{ x: 200, y: 40 }] });
  const twice = bendAt(once, bent, ends, { x: 300, y: 20 });
  expect(twice.wires.find(({ via }) => via)?.via).toEqual([
    { x: 200, y: 40 },
    { x: 300, y: 20 },
  ]);
  expect(bend(twice, wire, [])).toEqual(tinyTower());
});

it("A bend that has the focus is moved by arrow keys and taken away by Delete; other keys are not its own", () => {
  const via = [
    { x: 200, y: 40 },
    { x: 300, y: 20 },
  ];
  expect(bendsAfterKey(via, 0, "ArrowDown")).toEqual([{ x: 200, y: 48 }, via[1]]);
  expect(bendsAfterKey(via, 1, "ArrowLeft")).toEqual([via[0], { x: 292, y: 20 }]);
  expect(bendsAfterKey(via, 0, "Delete")).toEqual([via[1]]);
  expect(bendsAfterKey(via, 0, "d")).toBeUndefined();
});
