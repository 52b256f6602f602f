import { describe, expect, it } from "vitest";
import { builtNode, losses, picture } from "#tests/kit/train-node";
import { floats, runTensorNode } from "#tests/kit/run-node";
import { convnext } from "./convnext";

const small = { width: 8, blocks: "1-1-2-1" };

describe("ConvNeXt", () => {
  it("has as many parameters as ConvNeXt-T without its classifier", () => {
    const { count } = builtNode(convnext, { pixels: ["B", 3, 224, 224] });
    expect(count + 768 * 1000 + 1000).toBe(28_589_128); // timm convnext_tiny
  });
  it("gives the last map, its mean, and the pyramid, for any batch", async () => {
    const { types, outputs, parameters } = await runTensorNode(convnext, { pixels: picture([2, 3, 64, 96]) }, small, {
      symbolic: true,
    });
    expect(types).toEqual({ features: ["B", 64], map: ["B", 64, 2, 3], pyramid: ["B", 120, 16, 24] });
    expect(outputs.pyramid?.shape).toEqual([2, 120, 16, 24]);
    expect(parameters["encoder.stages.2.layers.1.dwconv.weight"]).toEqual([32, 1, 7, 7]);
    expect(parameters["encoder.stages.1.downsampling_layer.1.weight"]).toEqual([16, 8, 2, 2]);
    expect(parameters["encoder.stages.0.downsampling_layer.0.weight"]).toBeUndefined();
  });
  it("lets a block's scale decide how much of it is added", async () => {
    const run = (scale: number) =>
      runTensorNode(
        convnext,
        { pixels: picture([1, 3, 32, 32]) },
        { width: 4, blocks: "1-1-1-1" },
        {
          weights: Object.fromEntries(
            [0, 1, 2, 3].map((i) => [
              `encoder.stages.${i}.layers.0.layer_scale_parameter`,
              Array.from({ length: 4 * 2 ** i }, () => scale),
            ]),
          ),
        },
      );
    const [none, some, more] = await Promise.all([run(0), run(1e-6), run(1)]);
    const far = (a: typeof none) =>
      Math.max(
        ...Array.from(a.outputs.map?.data as Float32Array, (v, i) =>
          Math.abs(v - ((none.outputs.map?.data as Float32Array)[i] as number)),
        ),
      );
    expect(far(some)).toBeLessThan(1e-4);
    expect(far(more)).toBeGreaterThan(1e-4);
  });
  it("says when a picture is too small", async () => {
    await expect(
      runTensorNode(
        convnext,
        {
          pixels: floats(
            [1, 3, 8, 8],
            Array.from({ length: 192 }, () => 0),
          ),
        },
        small,
      ),
    ).rejects.toThrow("Conv: a window of 2 does not fit axis 2 of size 1");
  });
  it("learns", async () => {
    const list = await losses(convnext, picture([4, 3, 32, 32]), small, { steps: 12, lr: 2e-3 });
    expect(list.at(-1)).toBeLessThan((list[0] as number) * 0.5);
  });
});
