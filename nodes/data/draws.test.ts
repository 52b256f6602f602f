import { describe, expect, it } from "vitest";
import { runNode, testHost } from "#tests/kit/run-node";
import { draws } from "./draws";

const text = ["a", "b", "c"];
const drawn = async (params: Record<string, unknown>) => (await runNode(draws, { text }, params)).draws;

describe("random draws", () => {
  it("are uniform numbers for each row, the same for the same seed", async () => {
    const { dtype, shape, data } = await drawn({ length: 500 });
    expect([dtype, shape]).toEqual(["float32", [3, 500]]);
    const numbers = [...(data as Float32Array)];
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...numbers)).toBeLessThan(1);
    expect(numbers.reduce((sum, x) => sum + x, 0) / numbers.length).toBeCloseTo(0.5, 1);
    expect([...((await drawn({ length: 500 })).data as Float32Array)]).toEqual(numbers);
    const other = await runNode(draws, { text }, { length: 500 }, await testHost({ seed: 1 }));
    expect([...(other.draws.data as Float32Array)]).not.toEqual(numbers);
  });
  it("are one number a row where no length is asked for", async () => {
    expect((await drawn({})).shape).toEqual([3]);
  });
  it("are integers within their bounds, and orders of each row", async () => {
    const integers = await drawn({ kind: "integers", length: 400, least: 6, below: 9 });
    expect(new Set(integers.data as BigInt64Array)).toEqual(new Set([6n, 7n, 8n]));
    const order = await drawn({ kind: "order", length: 5 });
    for (const row of [0, 1, 2]) {
      const places = [...(order.data as BigInt64Array)].slice(row * 5, (row + 1) * 5);
      expect(places.sort()).toEqual([0n, 1n, 2n, 3n, 4n]);
    }
  });
  it("ask for what the rows are of", async () => {
    await expect(runNode(draws, {})).rejects.toThrow("how many rows");
  });
});
