import sharp, { type Sharp } from "sharp";
import { describe, expect, it } from "vitest";
import type { PixelRequest } from "#nodes/core/host";
import { tiff } from "#tests/kit/tiff";
import { decodeWhole, inspect } from "./pictures";
import { render } from "./render";

const kernels = ["nearest", "linear", "cubic", "lanczos3"] as const;

/** Fine stripes, a slope and noise: what a wrong filter shows most. */
function pattern(width: number, height: number): Sharp {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const x = Math.floor(i / 3) % width;
    if (i % 3 === 0) return x % 2 ? 255 : 0;
    return i % 3 === 1 ? Math.round((x * 255) / Math.max(1, width - 1)) : (Math.imul(i + 1, 2654435761) >>> 13) & 255;
  });
  return sharp(data, { raw: { width, height, channels: 3 } });
}

async function pixels(file: Uint8Array, request: Partial<PixelRequest> = {}): Promise<number[]> {
  const seen = await inspect(file);
  return [...(await render(seen.bytes, { width: 8, height: 8, fit: "fill", ...request }, seen))];
}

const furthest = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? Number.NaN))), 0);

describe("pixels do not depend on the format of the file", () => {
  const formats: [string, (picture: Sharp) => Sharp][] = [
    ["lossless WebP", (picture) => picture.webp({ lossless: true })],
    ["lossy WebP", (picture) => picture.webp({ quality: 60 })],
    ["JPEG", (picture) => picture.jpeg({ quality: 90 })],
    ["progressive JPEG", (picture) => picture.jpeg({ quality: 90, progressive: true })],
    ["JPEG with full colour", (picture) => picture.jpeg({ quality: 90, chromaSubsampling: "4:4:4" })],
    ["AVIF", (picture) => picture.avif({ quality: 50 })],
    ["GIF", (picture) => picture.gif()],
    ["TIFF", (picture) => picture.tiff({ compression: "lzw" })],
    ["tiled TIFF", (picture) => picture.tiff({ compression: "deflate", tile: true })],
  ];
  it.each(formats)("but on what it holds: %s", async (_, save) => {
    for (const [width, height] of [
      [128, 96],
      [301, 67],
    ] as const) {
      const file = await save(pattern(width, height)).toBuffer();
      const same = await sharp(file).toColourspace("srgb").removeAlpha().png().toBuffer();
      for (const kernel of kernels) {
        for (const request of [
          { width: 16, height: 16, fit: "fill" },
          { width: 33, height: 20, fit: "cover" },
          { width: 64, height: 64, fit: "contain" },
        ] as const)
          expect(await pixels(file, { ...request, kernel })).toEqual(await pixels(same, { ...request, kernel }));
      }
    }
  });
  it("and every kernel gives others", async () => {
    const file = await pattern(128, 96).jpeg({ quality: 95 }).toBuffer();
    const results = await Promise.all(kernels.map((kernel) => pixels(file, { kernel })));
    expect(new Set(results.map(String)).size).toBe(kernels.length);
  });
  it.each([
    [1, 1],
    [1, 300],
    [900, 2],
    [7, 5],
  ])("at %i × %i", async (width, height) => {
    const png = await pattern(width, height).png().toBuffer();
    const webp = await pattern(width, height).webp({ lossless: true }).toBuffer();
    for (const kernel of kernels) expect(await pixels(webp, { kernel })).toEqual(await pixels(png, { kernel }));
  });
});

describe("what is seen", () => {
  const quarters = async (): Promise<Uint8Array> => {
    const colours = [
      [255, 0, 0],
      [0, 255, 0],
      [0, 0, 255],
      [255, 255, 255],
    ];
    const data = Uint8Array.from({ length: 64 * 32 * 3 }, (_, i) => {
      const [x, y] = [Math.floor(i / 3) % 64, Math.floor(i / 192)];
      return colours[(y < 16 ? 0 : 2) + (x < 32 ? 0 : 1)]?.[i % 3] ?? 0;
    });
    return sharp(data, { raw: { width: 64, height: 32, channels: 3 } })
      .png()
      .toBuffer();
  };
  // Stored are red, green / blue, white; what is seen of them in reading order.
  it.each([
    [1, "rgbw"],
    [2, "grwb"],
    [3, "wbgr"],
    [4, "bwrg"],
    [5, "rbgw"],
    [6, "brwg"],
    [7, "wgbr"],
    [8, "gwrb"],
  ])("is turned as EXIF orientation %i says", async (orientation, seen) => {
    const letters: Record<string, string> = { "255,0,0": "r", "0,255,0": "g", "0,0,255": "b", "255,255,255": "w" };
    for (const format of ["png", "tiff", "webp"] as const) {
      const file = await sharp(await quarters())
        .withMetadata({ orientation })
        .toFormat(format, { lossless: true, compression: "lzw" })
        .toBuffer();
      const found = await inspect(file);
      expect([found.width, found.height]).toEqual(orientation < 5 ? [64, 32] : [32, 64]);
      const data = await pixels(file, { width: 2, height: 2, kernel: "nearest" });
      const corners = [0, 1, 2, 3].map((i) => letters[String(data.slice(i * 3, i * 3 + 3))]);
      expect(corners.join("")).toBe(seen);
      for (const fit of ["cover", "contain"] as const) {
        const upright = await sharp(file).autoOrient().png().toBuffer();
        expect(await pixels(file, { width: 9, height: 9, fit })).toEqual(
          await pixels(upright, { width: 9, height: 9, fit }),
        );
      }
    }
  });
  it.each([
    "png",
    "webp",
    "tiff",
    "avif",
    "gif",
  ] as const)("lies on the background where %s is clear", async (format) => {
    const clear = await sharp({ create: { width: 20, height: 20, channels: 4, background: "#ff000000" } })
      .toFormat(format, { compression: format === "tiff" ? "lzw" : undefined })
      .toBuffer();
    expect((await pixels(clear, { background: "#102030" })).slice(0, 3)).toEqual([16, 32, 48]);
  });
  it("is half the background where a picture is half clear", async () => {
    const half = await sharp({
      create: { width: 20, height: 20, channels: 4, background: { r: 255, g: 0, b: 0, alpha: 0.5 } },
    })
      .png()
      .toBuffer();
    expect(furthest((await pixels(half, { background: "#0000ff" })).slice(0, 3), [128, 0, 127])).toBeLessThanOrEqual(1);
  });
  const orange = { r: 170, g: 130, b: 100 };
  const flatOrange = () => sharp({ create: { width: 20, height: 20, channels: 3, background: orange } });
  it.each<[string, () => Sharp, number]>([
    ["16 bits", () => flatOrange().toColourspace("rgb16").png(), 0],
    ["a palette", () => flatOrange().png({ palette: true }), 0],
    ["CMYK", () => flatOrange().toColourspace("cmyk").jpeg({ quality: 100 }), 14],
    ["CMYK in TIFF", () => flatOrange().toColourspace("cmyk").tiff({ compression: "lzw" }), 14],
    ["Lab", () => flatOrange().toColourspace("lab").tiff({ compression: "lzw" }), 2],
    ["the profile of Display P3", () => flatOrange().withIccProfile("p3").png(), 2],
    ["the profile of Display P3 in JPEG", () => flatOrange().withIccProfile("p3").jpeg({ quality: 100 }), 4],
  ])("has its colour in %s", async (_, save, bound) => {
    const data = await pixels(await save().toBuffer());
    expect(furthest(data.slice(0, 3), [170, 130, 100])).toBeLessThanOrEqual(bound);
  });
  const grey = () => sharp({ create: { width: 20, height: 20, channels: 3, background: "#7b7b7b" } });
  it.each<[string, () => Sharp]>([
    ["grey", () => grey().greyscale().png()],
    ["grey JPEG", () => grey().greyscale().jpeg({ quality: 100 })],
    ["grey of 16 bits", () => grey().toColourspace("grey16").png()],
  ])("is grey in all three channels: %s", async (_, save) => {
    expect(new Set(await pixels(await save().toBuffer()))).toEqual(new Set([0x7b]));
  });
  it.each(["gif", "webp"] as const)("is the first frame of an animated %s", async (format) => {
    const frames = await Promise.all(
      ["#ff0000", "#0000ff"].map((background) =>
        sharp({ create: { width: 16, height: 16, channels: 3, background } })
          .png()
          .toBuffer(),
      ),
    );
    const file = await sharp(frames, { join: { animated: true } })
      .toFormat(format, { lossless: true })
      .toBuffer();
    expect((await sharp(file).metadata()).pages).toBe(2);
    const found = await inspect(file);
    expect([found.width, found.height]).toEqual([16, 16]);
    expect((await pixels(file)).slice(0, 3)).toEqual([255, 0, 0]);
  });
});

describe("a TIFF whose numbers have no white of their own", () => {
  const slope = Array.from({ length: 64 }, (_, i) => i / 63);
  const greys = slope.map((value) => Math.round(value * 255));
  const same = (data: number[]) => greys.map((_, i) => data[i * 3] as number);
  it.each<[string, Parameters<typeof tiff>[0]]>([
    ["floats of 0…1, as they are", { kind: "float32", values: slope }],
    [
      "floats of 0…1 in the upper half alone, not stretched",
      { kind: "float32", values: slope.map((v) => v / 2 + 0.5) },
    ],
    ["floats beyond, from the smallest to the largest", { kind: "float32", values: slope.map((v) => v * 4000 - 1000) }],
    ["integers", { kind: "uint32", values: slope.map((v) => Math.round(v * 4e9)) }],
    ["integers with sign", { kind: "int32", values: slope.map((v) => Math.round(v * 4e6 - 2e6)) }],
    ["big ends first", { kind: "float32", values: slope, bigEndian: true }],
  ])("is seen: %s", async (name, content) => {
    const seen = same(await pixels(tiff({ ...content, width: 8, height: 8 }), { kernel: "nearest" }));
    const wanted = name.includes("upper half") ? slope.map((value) => Math.round((value / 2 + 0.5) * 255)) : greys;
    expect(furthest(seen, wanted)).toBeLessThanOrEqual(1);
  });
  it("is seen in colour, linear as any other picture", async () => {
    const values = slope.flatMap((value) => [value, 1 - value, 0.25]);
    const data = await pixels(tiff({ kind: "float32", values, width: 8, height: 8, channels: 3 }), {
      kernel: "nearest",
    });
    const wanted = values.map((value) => Math.round(value * 255));
    expect(furthest(data, wanted)).toBeLessThanOrEqual(1);
  });
  it("is black where there is no number", async () => {
    const values = [Number.NaN, Number.POSITIVE_INFINITY, ...slope.slice(2)];
    const seen = same(await pixels(tiff({ kind: "float32", values, width: 8, height: 8 }), { kernel: "nearest" }));
    expect([seen[0], seen[1], seen[63]]).toEqual([0, 255, 255]);
  });
  it("is refused where the decoder would lose what is below zero", async () => {
    const values = slope.map((value) => Math.round(value * 60_000 - 30_000));
    await expect(inspect(tiff({ kind: "int16", values }))).rejects.toThrow("integers of 16 bits with sign");
  });
  it("is one grey where all numbers are one", async () => {
    const values = slope.map(() => 7);
    expect(new Set(await pixels(tiff({ kind: "float32", values, width: 8, height: 8 }))).size).toBe(1);
  });
});

describe("damage", () => {
  const kinds: [string, () => Sharp][] = [
    ["PNG", () => pattern(200, 150).png()],
    ["JPEG", () => pattern(200, 150).jpeg()],
    ["progressive JPEG", () => pattern(200, 150).jpeg({ progressive: true })],
    ["WebP", () => pattern(200, 150).webp()],
    ["lossless WebP", () => pattern(200, 150).webp({ lossless: true })],
    ["GIF", () => pattern(200, 150).gif()],
    ["TIFF", () => pattern(200, 150).tiff({ compression: "lzw" })],
    ["AVIF", () => pattern(200, 150).avif()],
  ];
  it.each(kinds)("of a %s that is cut off anywhere is found", async (_, save) => {
    const whole = new Uint8Array(await save().toBuffer());
    await decodeWhole((await inspect(whole)).bytes);
    for (const share of [0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97]) {
      const cut = whole.subarray(0, Math.floor(whole.length * share));
      await expect(inspect(cut).then(({ bytes }) => decodeWhole(bytes))).rejects.toThrow();
    }
  });
  it.each([
    ["baseline", {}],
    ["progressive", { progressive: true }],
    ["4:4:4", { chromaSubsampling: "4:4:4" }],
  ])("is none where a JPEG (%s) lacks nothing but its end marker", async (_, options) => {
    const whole = new Uint8Array(await pattern(120, 90).jpeg(options).toBuffer());
    for (const missing of [1, 2]) {
      const seen = await inspect(whole.subarray(0, whole.length - missing));
      expect(seen.endAdded).toBe(true);
      expect(await pixels(seen.bytes)).toEqual(await pixels(whole));
    }
  });
  it("is none where something follows the end of a JPEG", async () => {
    const whole = await pattern(120, 90).jpeg().toBuffer();
    const seen = await inspect(Buffer.concat([whole, Buffer.alloc(100)]));
    expect(seen.endAdded).toBe(false);
    expect(await pixels(seen.bytes)).toEqual(await pixels(whole));
  });
});
