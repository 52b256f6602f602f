import { expect, it } from "vitest";
import { PeakMemory } from "./peak-memory";

it("The most memory since it was made is told, whatever was held before", async () => {
  const size = 192 * 2 ** 20;
  let before: Uint8Array | undefined = new Uint8Array(size).fill(1);
  const first = new PeakMemory();
  expect(first.bytes).toBeGreaterThan(before.length);
  before = undefined;
  const second = new PeakMemory();
  const start = second.bytes;
  new Uint8Array(size).fill(1);
  expect(second.bytes).toBeGreaterThanOrEqual(start);
  expect(second.bytes).toBeGreaterThan(size);
});
