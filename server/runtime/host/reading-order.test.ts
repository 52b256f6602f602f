import { expect, it } from "vitest";
import { readingOrder } from "./reading-order";

const file = (path: string) => ({ path, name: path, size: 1, mtimeMs: 0 });
const [a, b] = [file("a"), file("b")];

it("reads the pictures of one file as they lie in it, files as they come, and others where they stand", () => {
  const images = [
    { file: a, column: "image", row: 7 },
    { file: b, start: 90, length: 1 },
    { file: a, column: "image", row: 2 },
    { ref: "0", width: 1, height: 1 },
    { file: b, start: 10, length: 1 },
    { file: a, column: "image", row: 2 },
  ];
  expect(readingOrder(images)).toEqual([2, 5, 0, 4, 1, 3]);
});
