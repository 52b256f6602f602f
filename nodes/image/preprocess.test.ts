import * as z from "zod";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { sourceOf } from "#models/onnx/import/fields";
import { flat, runNode, testHost } from "#tests/kit/run-node";
import type { Host } from "../core/host";
import { withPorts } from "../core/node";
import type { ImageBatch, Tensor } from "../core/values";
import { minMaxResize } from "./min-max-resize";
import { preprocess } from "./preprocess";

const ref = "0".repeat(64);
const uploadOf = async (config: object) => {
  const inspect = preprocess.inspect?.file;
  return {
    ref,
    ...(await inspect?.read(sourceOf(new TextEncoder().encode(JSON.stringify(config))), (() => {}) as never)),
  };
};
const pixelsOf = async (image: ImageBatch, params: object, host?: Host): Promise<Tensor> =>
  ((await runNode(preprocess, { image }, { ...params }, host)) as { pixels: Tensor }).pixels;
const portsOf = (params: object) => {
  const parsed = z.object(preprocess.params as z.ZodRawShape).parse(params);
  return withPorts(preprocess, parsed as never);
};

describe("preprocess", () => {
  it("gives its shape before there is a picture, where the configuration fixes it", async () => {
    expect(portsOf({}).outputs.pixels.shape).toEqual(["N", 3, 224, 224]);
    const file = await uploadOf({ image_processor_type: "ViltImageProcessor" });
    const vilt = portsOf({ source: "upload", file });
    expect(vilt.outputs.pixels.shape).toEqual(["N", 3, "*", "*"]);
    expect([vilt.outputs.mask.shape, vilt.perBatch]).toEqual([["N", "*", "*"], true]);
    expect(portsOf({ class: "LlavaNextImageProcessor" }).outputs.pixels.shape).toEqual(["N", "*", 3, 224, 224]);
  });

  it("takes a configuration that was read from a folder or of the hub, and says what is wrong with one", () => {
    const vit = { image_processor_type: "ViTImageProcessor", size: { height: 8, width: 12 } };
    for (const source of ["folder", "hub"])
      expect(portsOf({ source, config: JSON.stringify(vit) }).outputs.pixels.shape).toEqual(["N", 3, 8, 12]);
    const checked = (params: object) =>
      preprocess.check?.(z.object(preprocess.params as z.ZodRawShape).parse(params) as never);
    expect(checked({ source: "hub", config: JSON.stringify(vit) })).toBeUndefined();
    expect(checked({ source: "folder" })?.message).toBe("No preprocessor_config.json was read.");
    const size = checked({ source: "hub", config: JSON.stringify({ ...vit, size: { height: -1 } }) });
    expect([size?.param, size?.message]).toEqual(["config", expect.stringContaining("size")]);
    expect(checked({ source: "hub", config: "{" })?.message).toBe("The file is no JSON.");
  });

  it("reads pictures of files, and pixels that a node before it made", async () => {
    const pixels = await pixelsOf(flat(300, 200, [[255, 0, 0]]), { class: "ViTImageProcessor" });
    expect(pixels.shape).toEqual([1, 3, 224, 224]);
    expect([pixels.data[0], pixels.data[224 * 224]]).toEqual([1, -1]);
  });

  it("drops transparency, or lays it on white", async () => {
    const host = await testHost();
    const clear = {
      create: { width: 8, height: 8, channels: 4, background: { r: 0, g: 0, b: 255, alpha: 0 } },
    } as const;
    const image = { files: [await host.importImage(await sharp(clear).png().toBuffer())] };
    const redOf = async (transparency: string) =>
      (await pixelsOf(image, { class: "ViTImageProcessor", transparency }, host)).data[0];
    expect([await redOf("dropped"), await redOf("white")]).toEqual([-1, 1]);
  });

  it("draws vectors as large as they are needed", async () => {
    const host = await testHost();
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><rect width="10" height="20"/></svg>';
    const image = { files: [await host.importImage(new TextEncoder().encode(svg))] };
    const params = { class: "ViTImageProcessor", transparency: "white" };
    const { data } = await pixelsOf(image, params, host);
    const row = Array.from(data.slice(0, 224), Number);
    expect(row.filter((value) => value > -0.99 && value < 0.99).length).toBeLessThan(4); // the edge is sharp
  });

  it("is near to exact where the decoder scales", async () => {
    const host = await testHost();
    const noise = { create: { width: 640, height: 480, channels: 3, background: "#888888" } } as const;
    const grained = sharp({ ...noise, create: { ...noise.create, noise: { type: "gaussian", mean: 128, sigma: 40 } } });
    const image = { files: [await host.importImage(await grained.png().toBuffer())] };
    const exact = await pixelsOf(image, {}, host);
    const fast = await pixelsOf(image, { resampling: "fast" }, host);
    expect(fast.shape).toEqual(exact.shape);
    const differences = Array.from(exact.data as Float32Array, (value, i) => Math.abs(value - Number(fast.data[i])));
    const largest = differences.reduce((most, each) => Math.max(most, each), 0);
    expect(largest).toBeLessThan(0.2);
    expect(largest).toBeGreaterThan(0);
  });

  it("names damaged pictures, and what is no configuration", async () => {
    const host = await testHost();
    const cut = (
      await sharp({ create: { width: 99, height: 99, channels: 3, background: "red" } })
        .png()
        .toBuffer()
    ).subarray(0, 200);
    const image = { files: [{ ref: await host.put(cut), width: 99, height: 99, name: "cut.png" }] };
    await expect(runNode(preprocess, { image }, {}, host)).rejects.toThrow("The picture cut.png cannot be decoded.");
    await expect(uploadOf({ model_type: "clip" })).rejects.toThrow(
      "The image processor's configuration cannot be read",
    );
    await expect(runNode(preprocess, { image }, { source: "upload" }, host)).rejects.toThrow(
      "No preprocessor_config.json",
    );
  });
});

it("min-max resize pads to the largest of all rows, not to that of a chunk, and to its canvas", async () => {
  const wide = flat(32, 32, [[255, 0, 0]]);
  const sizeOf = async (params: object, common: (needed: readonly number[]) => readonly number[]) => {
    const given = { image: wide };
    const asked = { ...(await testHost()), commonSizes: common };
    const { pixels } = (await runNode(minMaxResize, given, { shorter: 32, multiple: 16, ...params }, asked)) as {
      pixels: Tensor;
    };
    return pixels.shape;
  };
  expect(await sizeOf({}, (needed) => needed)).toEqual([1, 3, 32, 32]);
  expect(await sizeOf({}, () => [1, 48, 80])).toEqual([1, 3, 48, 80]);
  expect(await sizeOf({ canvas: 64 }, () => [1, 1, 1])).toEqual([1, 3, 64, 64]);
});
