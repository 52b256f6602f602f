import { expect, it } from "vitest";
import { floats, ids, testHost } from "#tests/kit/run-node";
import { previewOf } from "./previews";

it("marks NaN and infinite numbers of a tensor, however few, with the place of the first", async () => {
  const host = await testHost();
  const many = new Float32Array(300_000);
  many[200_005] = Number.NaN;
  many[250_000] = Number.NEGATIVE_INFINITY;
  const preview = await previewOf("tensor", { dtype: "float32", shape: [3, 100, 1000], data: many }, host);
  expect(preview).toMatchObject({ odd: { nan: 1, infinite: 1, first: [2, 0, 5] } });
  for (const fine of [floats([2], [1, 2]), ids([2], [1, 2])]) {
    expect(await previewOf("tensor", fine, host)).not.toHaveProperty("odd");
  }
});
