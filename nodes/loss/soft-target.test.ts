import { describe, expect, it } from "vitest";
import { floats, runTensorNode } from "#tests/kit/run-node";
import { infoNce } from "./info-nce";
import { softTarget } from "./soft-target";

const scaled = (rows: number[][], temperature: number) =>
  floats(
    [rows.length, rows[0]?.length ?? 0],
    rows.flat().map((x) => x / temperature),
  );
const lossOf = async (
  node: typeof softTarget | typeof infoNce,
  inputs: Parameters<typeof runTensorNode>[1],
  params = {},
) => (await runTensorNode(node as typeof softTarget, inputs, params)).outputs.loss?.data[0] as number;

describe("soft-target loss", () => {
  it("is ALBEF's image-to-text loss with a queue of one", async () => {
    const logits = scaled(
      [
        [0.8, 0.1, 0.3],
        [0.2, 0.6, 0.5],
      ],
      0.5,
    );
    const teacher = scaled(
      [
        [0.7, 0.2, 0.4],
        [0.1, 0.7, 0.6],
      ],
      0.5,
    );
    expect(await lossOf(softTarget, { logits, teacher }, { alpha: 0.4, symmetric: false })).toBeCloseTo(0.798157, 5);
  });
  it("is InfoNCE when the teacher has no share", async () => {
    const logits = scaled(
      [
        [0.9, 0.1, 0.2],
        [0.3, 0.8, 0.1],
        [0, 0.4, 0.7],
      ],
      0.1,
    );
    const teacher = scaled(
      [
        [1, 2, 3],
        [3, 2, 1],
        [0, 0, 0],
      ],
      1,
    );
    expect(await lossOf(softTarget, { logits, teacher }, { alpha: 0 })).toBeCloseTo(
      await lossOf(infoNce, { logits }),
      6,
    );
    expect(await lossOf(softTarget, { logits, teacher }, { alpha: 0.5 })).not.toBeCloseTo(
      await lossOf(infoNce, { logits }),
      2,
    );
  });
  it("refuses both directions where columns are more than rows", async () => {
    await expect(
      runTensorNode(softTarget, { logits: floats([1, 2], [1, 2]), teacher: floats([1, 2], [1, 2]) }),
    ).rejects.toThrow("as many columns as rows");
  });
});
