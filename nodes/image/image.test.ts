import { gzipSync } from "node:zlib";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { flat, runNode, testHost } from "#tests/kit/run-node";
import type { ImageBatch, Tensor } from "../core/values";
import { augment } from "./augment";
import { crop } from "./crop";
import { load } from "./load";
import { normalize } from "./normalize";
import { resize } from "./resize";

const pixelsOf = (image: ImageBatch): Tensor => ("pixels" in image ? image.pixels : (undefined as never));
const png = (width: number, height: number, color: string) =>
  sharp({ create: { width, height, channels: 4, background: color } })
    .png()
    .toBuffer();
const svg = (body: string, size = 'width="40" height="20"') =>
  new TextEncoder().encode(`<svg xmlns="http://www.w3.org/2000/svg" ${size}>${body}</svg>`);

describe("load", () => {
  it("reads uploads with the sizes the files have, whatever the parameters claim", async () => {
    const host = await testHost();
    const ref = await host.put(await png(30, 20, "red"));
    const { image, name } = await runNode(load, {}, { images: [{ ref, name: "cat.png", width: 1, height: 1 }] }, host);
    expect(image).toEqual({ files: [{ ref, name: "cat.png", width: 30, height: 20 }] });
    expect(name).toEqual(["cat"]);
  });
  it("names what is missing", () => {
    expect(load.check?.({ source: "upload", images: [], folder: "", urls: "" } as never)?.message).toBe(
      "No picture is chosen.",
    );
    expect(load.check?.({ source: "url", images: [], folder: "", urls: " " } as never)?.param).toBe("urls");
  });
  it("downloads nothing unless the operator allows it", async () => {
    await expect(runNode(load, {}, { source: "url", urls: "http://127.0.0.1:1/a.png" })).rejects.toThrow(
      "not downloaded from the network",
    );
  });
  it("keeps out of folders that are not allowed", async () => {
    await expect(runNode(load, {}, { source: "folder", folder: "/etc" })).rejects.toThrow("may not be read");
  });
});

describe("resize", () => {
  it("crops, pads or stretches to the exact size", async () => {
    const host = await testHost();
    const half = await sharp({ create: { width: 40, height: 20, channels: 3, background: "#ff0000" } })
      .composite([{ input: await png(20, 20, "#0000ff"), left: 20, top: 0 }])
      .png()
      .toBuffer();
    const image = { files: [await host.importImage(half)] };
    const at = (t: Tensor, y: number, x: number) => [
      ...(t.data as Uint8Array).slice((y * 16 + x) * 3, (y * 16 + x) * 3 + 3),
    ];
    const run = async (fit: string) =>
      pixelsOf(
        (
          await runNode(
            resize,
            { image },
            { width: 16, height: 16, fit, kernel: "nearest", background: "#00ff00" },
            host,
          )
        ).image,
      );
    const [cover, contain, fill] = [await run("cover"), await run("contain"), await run("fill")];
    expect(cover.shape).toEqual([1, 16, 16, 3]);
    expect([at(cover, 0, 2), at(cover, 0, 13)]).toEqual([
      [255, 0, 0],
      [0, 0, 255],
    ]);
    expect([at(contain, 0, 0), at(contain, 8, 2)]).toEqual([
      [0, 255, 0],
      [255, 0, 0],
    ]);
    expect([at(fill, 0, 0), at(fill, 15, 15)]).toEqual([
      [255, 0, 0],
      [0, 0, 255],
    ]);
  });
  it("lays transparency on the background, renders SVG, and reads grey and 16-bit pictures as RGB", async () => {
    const host = await testHost();
    const grey = await sharp({ create: { width: 8, height: 8, channels: 3, background: "#808080" } })
      .greyscale()
      .png()
      .toBuffer();
    const image = {
      files: await Promise.all(
        [svg('<rect width="20" height="20" fill="#f00"/>'), grey].map((b) => host.importImage(b)),
      ),
    };
    const { data } = pixelsOf(
      (await runNode(resize, { image }, { width: 8, height: 8, fit: "contain", background: "#ffffff" }, host)).image,
    );
    const first = [...(data as Uint8Array)];
    expect(first.slice(0, 3)).toEqual([255, 255, 255]); // padding
    expect(first.slice((4 * 8 + 1) * 3, (4 * 8 + 1) * 3 + 3)).toEqual([255, 0, 0]);
    expect(first.slice(192, 195).every((v) => Math.abs(v - 128) <= 1)).toBe(true);
  });
  it("says how much memory the pixels would need, before it is taken", async () => {
    const file = { ref: "0".repeat(64), width: 9, height: 9 };
    await expect(
      runNode(resize, { image: { files: Array.from({ length: 100_000 }, () => file) } }, { width: 4096, height: 4096 }),
    ).rejects.toThrow(/100000 pictures of 4096 × 4096 need 4687\.5 GiB, and this machine has/);
  });
});

describe("normalize", () => {
  it("gives CLIP's numbers, channels first", async () => {
    const { pixels } = await runNode(normalize, { image: flat(2, 1, [[255, 0, 128]]) });
    expect(pixels.shape).toEqual([1, 3, 2, 1]);
    const want = [(1 - 0.48145466) / 0.26862954, (0 - 0.4578275) / 0.26130258, (128 / 255 - 0.40821073) / 0.27577711];
    Array.from(pixels.data as Float32Array).forEach((v, i) => expect(v).toBeCloseTo(want[i >> 1] as number, 6));
  });
  it("asks for a resize where pictures have sizes of their own", async () => {
    await expect(runNode(normalize, { image: { files: [] } })).rejects.toMatchObject({
      hint: "Put a Resize before Normalize.",
    });
  });
});

describe("crop", () => {
  it("cuts the centre or a corner", async () => {
    const data = Uint8Array.from({ length: 4 * 4 * 3 }, (_, i) => Math.floor(i / 3));
    const image: ImageBatch = { pixels: { dtype: "uint8", shape: [1, 4, 4, 3], data } };
    const reds = async (anchor: string) =>
      [
        ...(pixelsOf((await runNode(crop, { image }, { width: 2, height: 2, anchor })).image).data as Uint8Array),
      ].filter((_, i) => i % 3 === 0);
    expect(await reds("centre")).toEqual([5, 6, 9, 10]);
    expect(await reds("bottom-right")).toEqual([10, 11, 14, 15]);
    await expect(runNode(crop, { image }, { width: 5, height: 2 })).rejects.toThrow(
      "does not fit into pictures of 4 × 4",
    );
  });
});

describe("augment", () => {
  const image = flat(8, 8, [
    [200, 30, 30],
    [30, 200, 30],
  ]);
  const still = { shift: 0, scale: 0, rotate: 0, flip: 0, colour: 0, grey: 0 };
  it("changes nothing when all strengths are zero", async () => {
    expect([...pixelsOf((await runNode(augment, { image }, still)).image).data]).toEqual([...pixelsOf(image).data]);
  });
  it("repeats for the same seed and differs for another step", async () => {
    const bytes = async (seed: (string | number)[]) =>
      Buffer.from(
        pixelsOf((await runNode(augment, { image }, {}, await testHost({ seed }))).image).data as Uint8Array,
      ).toString("hex");
    expect(await bytes([0, "step", 1])).toBe(await bytes([0, "step", 1]));
    expect(await bytes([0, "step", 1])).not.toBe(await bytes([0, "step", 2]));
  });
  it("mirrors", async () => {
    const row: ImageBatch = {
      pixels: { dtype: "uint8", shape: [1, 1, 3, 3], data: Uint8Array.from([1, 1, 1, 5, 5, 5, 9, 9, 9]) },
    };
    expect([...pixelsOf((await runNode(augment, { image: row }, { ...still, flip: 1 })).image).data]).toEqual([
      9, 9, 9, 5, 5, 5, 1, 1, 1,
    ]);
  });
});

describe("pictures from strangers", () => {
  const refused: [string, Uint8Array | Promise<Uint8Array>, RegExp][] = [
    [
      "an SVG that refers to a file",
      svg('<image href="file:///etc/passwd" width="9" height="9"/>'),
      /refers to “file:\/\/\/etc\/passwd”/,
    ],
    ["an SVG that refers to an address", svg('<image xlink:href="http://127.0.0.1/x.png"/>'), /lies outside of it/],
    [
      "an SVG with a style that refers outside",
      svg('<style>@import "http://a/b.css"</style>'),
      /imports a style sheet/,
    ],
    ["an SVG with a url() outside", svg('<rect fill="url(http://a/b#c)"/>'), /lies outside/],
    [
      "an SVG with entities",
      new TextEncoder().encode('<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg"/>'),
      /declares entities/,
    ],
    ["an SVG with a script", svg("<script>1</script>"), /holds a script/],
    ["an SVG in a data address of an SVG", svg('<image href="data:image/svg+xml;base64,AAAA"/>'), /lies outside/],
    [
      "an SVG behind white space",
      new TextEncoder().encode(
        `${" ".repeat(999)}<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">
          <image href="file:///etc/passwd"/></svg>`,
      ),
      /refers to “file/,
    ],
    [
      "a script under another prefix",
      svg('<s:script xmlns:s="http://www.w3.org/2000/svg">1</s:script>'),
      /holds a script/,
    ],
    ["a compressed SVG, which may unpack to anything", gzipSync(svg(" ".repeat(1e6))), /is compressed/],
    ["an SVG of many megabytes", svg(`<!--${" ".repeat(3e6)}-->`), /an SVG may have 2/],
    ["an SVG nested without end", svg(`${"<g>".repeat(100_000)}${"</g>".repeat(100_000)}`), /cannot be read/],
    ["an SVG of a million pixels a side", svg("", 'width="1000000" height="1000000"'), /at most/],
    ["what is no picture", new TextEncoder().encode("hello"), /cannot be read/],
    ["nothing", new Uint8Array(), /cannot be read/],
  ];
  it.each(refused)("refuses %s and says why", async (_, bytes, reason) => {
    const host = await testHost();
    await expect(host.importImage(await bytes, "it")).rejects.toThrow(reason);
  });
  it("refuses a PNG of 50,000 × 50,000 pixels from its header, without decoding it", async () => {
    const small = await png(1, 1, "red");
    const bomb = Uint8Array.from(small);
    const view = new DataView(bomb.buffer);
    view.setUint32(16, 50_000);
    view.setUint32(20, 50_000);
    const { crc32 } = await import("node:zlib");
    if (crc32) view.setUint32(29, crc32(bomb.subarray(12, 29)));
    const before = process.memoryUsage().rss;
    await expect((await testHost()).importImage(bomb, "bomb.png")).rejects.toThrow(
      /50000 × 50000 pixels|cannot be read/,
    );
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 2 ** 20);
  });
  it("accepts a drawing whose references stay inside", async () => {
    const drawing = svg(
      `<defs><linearGradient id="g"><stop stop-color="#f00"/></linearGradient></defs>
       <rect width="40" height="20" fill="url(#g)"/><use href="#g"/>`,
    );
    expect(await (await testHost()).importImage(drawing, "ok")).toMatchObject({ width: 40, height: 20 });
  });
  it("names a picture that is cut off", async () => {
    const host = await testHost();
    const whole = await sharp({
      create: {
        width: 300,
        height: 300,
        channels: 3,
        background: "red",
        noise: { type: "gaussian", mean: 128, sigma: 60 },
      },
    })
      .png()
      .toBuffer();
    const file = await host.importImage(whole.subarray(0, whole.length >> 1), "half.png");
    await expect(runNode(resize, { image: { files: [file] } }, { width: 8, height: 8 }, host)).rejects.toThrow(
      "The picture half.png cannot be decoded.",
    );
  });
});
