import { describe, expect, it } from "vitest";
import { builtNode, losses, picture } from "#tests/kit/train-node";
import { runTensorNode } from "#tests/kit/run-node";
import { efficientnet } from "./efficientnet";

const small = { width: 0.25, depth: 0.3, topConvolution: false };

describe("EfficientNet", () => {
  it("has as many parameters as EfficientNet-B0 without its classifier, running statistics apart", () => {
    const { count, buffers } = builtNode(efficientnet, { pixels: ["B", 3, 224, 224] });
    expect(count + 1280 * 1000 + 1000).toBe(5_288_548); // torchvision and timm efficientnet_b0
    expect(buffers).toBe(2 * 21_008); // torchvision's BatchNorm buffers, without num_batches_tracked
  });
  it("reaches ALIGN's 640 features at B7's multipliers without the last convolution", () => {
    const { outputs } = builtNode(
      efficientnet,
      { pixels: ["B", 3, 289, 289] },
      { width: 2, depth: 3.1, topConvolution: false },
    );
    expect(outputs.features?.shape).toEqual(["B", 640]);
  });
  it("halves as TensorFlow's padding does, odd sizes too", async () => {
    const { types, parameters } = await runTensorNode(efficientnet, { pixels: picture([2, 3, 65, 40]) }, small, {
      symbolic: true,
    });
    expect(types).toEqual({ features: ["B", 80], map: ["B", 80, 3, 2] });
    expect(parameters["encoder.blocks.1.depthwise_conv.depthwise_conv.weight"]).toEqual([48, 1, 3, 3]);
    expect(parameters["encoder.blocks.1.squeeze_excite.reduce.weight"]).toEqual([2, 48, 1, 1]);
    expect(parameters["encoder.blocks.0.expansion.expand_conv.weight"]).toBeUndefined();
  });
  it("has the blocks that it is given, padded as Hugging Face's port where that is asked for", async () => {
    const params = {
      topConvolution: false,
      stem: 8,
      blocks: "r1_k3_s11_e1_i8_o8_se0.25_noskip, r2_k5_s22_e6_i8_o12_se0.25",
      padding: "Hugging Face's",
    };
    const sizes = async (even: string) => {
      const { types, parameters } = await runTensorNode(
        efficientnet,
        { pixels: picture([2, 3, 28, 28]) },
        {
          ...params,
          even,
        },
      );
      expect(parameters["encoder.blocks.2.expansion.expand_conv.weight"]).toEqual([72, 12, 1, 1]);
      return types.map;
    };
    expect(await sizes("")).toEqual([2, 12, 7, 7]);
    expect(await sizes("1")).toEqual([2, 12, 7, 7]);
    const wrong = runTensorNode(efficientnet, { pixels: picture([2, 3, 28, 28]) }, { ...params, blocks: "r1_s11_o8" });
    await expect(wrong).rejects.toThrow("does not say its “k”");
    const other = runTensorNode(efficientnet, { pixels: picture([2, 3, 28, 28]) }, { ...params, stem: 4 });
    await expect(other).rejects.toThrow("block 0 is said to read 8 channels, and 4 come in");
  });
  it("treats every picture by itself outside of training, and not within", async () => {
    const all = picture([3, 3, 32, 32]);
    const one = { ...all, shape: [1, 3, 32, 32], data: all.data.slice(0, 3072) as Float32Array };
    const first = async (training: boolean) => {
      const [a, b] = await Promise.all(
        [all, one].map((pixels) =>
          runTensorNode(efficientnet, { pixels }, small, { training: training && pixels === all }),
        ),
      );
      return Math.max(
        ...Array.from({ length: 80 }, (_, i) =>
          Math.abs(
            ((a?.outputs.features?.data as Float32Array)[i] as number) -
              ((b?.outputs.features?.data as Float32Array)[i] as number),
          ),
        ),
      );
    };
    expect(await first(false)).toBeLessThan(1e-5);
    expect(await first(true)).toBeGreaterThan(1e-2);
  });
  it("learns, and its running statistics move", async () => {
    const list = await losses(efficientnet, picture([4, 3, 32, 32]), small, {
      steps: 12,
      lr: 2e-3,
      moves: "encoder.blocks.1.projection.project_bn.running_var",
    });
    expect(list.at(-1)).toBeLessThan((list[0] as number) * 0.5);
  });
});
