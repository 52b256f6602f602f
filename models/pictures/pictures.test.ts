import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { batchOf, processPicture, resultSize, scaledSize } from "./image-processor";
import { type Filter, type Picture, resample } from "./pillow";
import { readProcessor } from "./processor-config";

describe("scaling", () => {
  interface Fixture {
    source: { width: number; height: number; pixels: string };
    scaled: { filter: Filter; width: number; height: number; sha256: string }[];
  }
  const { source, scaled } = JSON.parse(readFileSync("tests/fixtures/pillow.json", "utf8")) as Fixture;
  const picture: Picture = { ...source, data: Buffer.from(source.pixels, "base64") };

  it.each(scaled)("by $filter to $width × $height is Pillow's to the bit", ({ filter, width, height, sha256 }) => {
    const { data, ...size } = resample(picture, width, height, filter);
    expect(size).toEqual({ width, height });
    expect(createHash("sha256").update(data).digest("hex")).toBe(sha256);
  });
});

describe("a processor's configuration", () => {
  const sizeOf = (config: object, width: number, height: number) =>
    scaledSize(readProcessor(config), { width, height });

  it("is read in the old form too, where a size is one number", () => {
    const clip = readProcessor({ feature_extractor_type: "CLIPFeatureExtractor", size: 224, crop_size: 224 });
    expect(clip.resize).toEqual({ to: "shortest", edge: 224 });
    expect(clip.crop).toEqual({ height: 224, width: 224 });
    const vit = readProcessor({ image_processor_type: "ViTFeatureExtractor", size: 384 });
    expect(vit.resize).toEqual({ to: "exact", height: 384, width: 384 });
    expect(vit.filter).toBe("bilinear");
  });

  it("is found inside of transformers 5's processor_config.json", () => {
    const file = { processor_class: "X", image_processor: { image_processor_type: "SiglipImageProcessor" } };
    expect(resultSize(readProcessor(file))).toEqual({ height: 224, width: 224 });
  });

  it("scales by the shortest side, up to a longest one, or so that it fits", () => {
    expect(sizeOf({ size: { shortest_edge: 100 } }, 401, 200)).toEqual({ width: 200, height: 100 });
    expect(sizeOf({ size: { shortest_edge: 800, longest_edge: 1333 } }, 1000, 400)).toEqual({
      width: 1333,
      height: 533,
    });
    expect(sizeOf({ size: { longest_edge: 100 } }, 400, 201)).toEqual({ width: 100, height: 50 });
    expect(sizeOf({ do_resize: false, size: 7 }, 400, 201)).toEqual({ width: 400, height: 201 });
  });

  it("names the field that is wrong, and the classes that are known where one is not", () => {
    expect(() => readProcessor({ size: { shortest_edge: 0 } })).toThrow("size");
    expect(() => readProcessor({ size: 8, image_mean: [1, 2] })).toThrow("image_mean");
    expect(() => readProcessor({ size: 2 ** 20 })).toThrow("size");
    expect(() => readProcessor([])).toThrow("it is no object");
    expect(() => readProcessor({ image_processor_type: "NewImageProcessor" })).toThrow(
      "the class NewImageProcessor is not known, and it gives no size",
    );
  });
});

describe("a batch", () => {
  const flat = (width: number, height: number, value: number): Picture => ({
    width,
    height,
    data: new Uint8Array(width * height * 3).fill(value),
  });

  it("is padded with zeros at the right and bottom, and the mask says what is picture", () => {
    const vilt = readProcessor({ image_processor_type: "ViltImageProcessor", size: 4, size_divisor: 2 });
    const results = [flat(4, 4, 255), flat(6, 4, 0)].map((picture) => processPicture(vilt, picture));
    const { shape, data, mask } = batchOf(vilt, results);
    expect(shape).toEqual([2, 3, 4, 6]);
    expect([...data.slice(0, 6)]).toEqual([1, 1, 1, 1, 0, 0]);
    expect([...data.slice(72, 78)]).toEqual([-1, -1, -1, -1, -1, -1]);
    expect([...mask.slice(0, 6)].map(Number)).toEqual([1, 1, 1, 1, 0, 0]);
  });

  it("of different sizes is refused where nothing pads it", () => {
    const processor = readProcessor({ size: { shortest_edge: 4 } });
    const results = [flat(4, 4, 1), flat(8, 4, 1)].map((picture) => processPicture(processor, picture));
    expect(() => batchOf(processor, results)).toThrow("gives pictures of different sizes, such as 4 × 4 and 8 × 4");
  });

  it("has black around a picture that is smaller than what is cropped", () => {
    const processor = readProcessor({
      do_resize: false,
      size: 1,
      do_center_crop: true,
      crop_size: 4,
      do_normalize: false,
    });
    const [only] = processPicture(processor, flat(2, 1, 255));
    expect(only && [...only.data.slice(0, 16)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]);
  });
});
