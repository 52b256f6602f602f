import { describe, expect, it } from "vitest";
import { floats, runTensorNode } from "#tests/kit/run-node";
import { infoNce } from "./info-nce";

const similarity = [0.9, 0.1, 0.2, 0.3, 0.8, 0.1, 0, 0.4, 0.7];
const run = async (scale: number, params = {}) => {
  const { outputs } = await runTensorNode(
    infoNce,
    {
      logits: floats(
        [3, 3],
        similarity.map((s) => s * scale),
      ),
    },
    params,
  );
  return ["imageToText", "textToImage", "loss"].map((name) => (outputs[name]?.data as Float32Array)[0] as number);
};

describe("InfoNCE", () => {
  it("gives CLIP's worked example at scale 10", async () => {
    const [i2t, t2i, total] = await run(10);
    expect(i2t).toBeCloseTo(0.01944096, 6);
    expect(t2i).toBeCloseTo(0.01027276, 6);
    expect(total).toBeCloseTo(0.01485686, 6);
  });
  it("gives ALIGN's with label smoothing 0.1 at σ = 0.1", async () => {
    const [i2t, t2i, total] = await run(10, { smoothing: 0.1 });
    expect(i2t).toBeCloseTo(0.43055208, 5);
    expect(t2i).toBeCloseTo(0.42138387, 5);
    expect(total).toBeCloseTo(0.42596797, 5);
  });
  it("is half of the sum of both ways, which ALIGN's paper minimises", async () => {
    const logits = floats(
      [3, 3],
      similarity.map((s) => s * 10),
    );
    const { outputs } = await runTensorNode(infoNce, { logits }, { smoothing: 0.1 });
    expect((outputs.sum?.data as Float32Array)[0]).toBeCloseTo(2 * 0.42596797, 5);
  });
  it("is ln B for equal logits", async () => expect((await run(0))[2]).toBeCloseTo(1.09861229, 6));
});
