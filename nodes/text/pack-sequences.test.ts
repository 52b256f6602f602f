import { describe, expect, it } from "vitest";
import type { Tensor } from "../core/values";
import { ids, runNode, testHost } from "#tests/kit/run-node";
import { packSequences } from "./pack-sequences";

const rowsOf = ({ shape, data }: Tensor) =>
  Array.from({ length: shape[0] ?? 0 }, (_, row) =>
    Array.from(data.slice(row * (shape[1] ?? 0), (row + 1) * (shape[1] ?? 0)), Number),
  );

describe("pack sequences", () => {
  const inputs = {
    ids: ids([4, 4], [1, 2, 3, 0, 0, 0, 4, 5, 6, 7, 8, 9, 0, 0, 0, 0]),
    mask: ids([4, 4], [1, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0]),
    labels: ids([4, 4], [-100, 2, 3, -100, -100, -100, 4, 5, 6, 7, -100, 9, -100, -100, -100, -100]),
  };
  it("puts rows where they leave the least room, with positions, numbers and labels of each", async () => {
    const packed = await runNode(packSequences, inputs, { length: 6 });
    expect(rowsOf(packed.ids)).toEqual([
      [1, 2, 3, 4, 5, 0],
      [6, 7, 8, 9, 0, 0],
    ]);
    expect(rowsOf(packed.mask)).toEqual([
      [1, 1, 1, 2, 2, 0],
      [1, 1, 1, 1, 0, 0],
    ]);
    expect(rowsOf(packed.positions)).toEqual([
      [0, 1, 2, 0, 1, 0],
      [0, 1, 2, 3, 0, 0],
    ]);
    expect(rowsOf(packed.labels)).toEqual([
      [-100, 2, 3, -100, 5, -100],
      [-100, 7, -100, 9, -100, -100],
    ]);
  });
  it("learns all tokens but each first without labels, and cuts what is too long with a warning", async () => {
    const warnings: string[] = [];
    const host = await testHost({ onWarn: (message) => void warnings.push(message) });
    const packed = await runNode(packSequences, { ids: inputs.ids, mask: inputs.mask }, { length: 3 }, host);
    expect(rowsOf(packed.labels)).toEqual([
      [-100, 2, 3],
      [-100, 5, -100],
      [-100, 7, 8],
    ]);
    expect(warnings).toEqual(["1 row is longer than 3 tokens and cut."]);
  });
});
