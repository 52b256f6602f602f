import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { random } from "#models/random";
import type { Host } from "#nodes/core/host";
import type { ImageBatch } from "#nodes/core/values";
import { runNode, temporaryFolder, testHost } from "#tests/kit/run-node";
import { load } from "../image/load";
import { resize } from "../image/resize";
import { folder } from "./folder";

// The same noise in every run: of other noise, one JPEG of twelve can be decoded without its end marker.
const draw = random("pictures of a folder");
const pixels = Uint8Array.from({ length: 60 * 40 * 3 }, () => Math.max(0, Math.min(255, 128 + 60 * draw.normal())));
const noise = (format: "png" | "jpeg" | "webp" | "gif" | "tiff" | "avif"): Promise<Buffer> =>
  sharp(pixels, { raw: { width: 60, height: 40, channels: 3 } })
    .toFormat(format)
    .toBuffer();
const png = noise("png");
const jpeg = noise("jpeg");
const cut = (bytes: Uint8Array, share = 0.6): Uint8Array => bytes.subarray(0, Math.floor(bytes.length * share));

/** A folder of files; a file's content may be a promise. */
async function folderOf(files: Record<string, string | Uint8Array | Promise<Uint8Array>>): Promise<string> {
  const dir = await temporaryFolder();
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), await content);
  }
  return dir;
}

async function read(dir: string, params: Record<string, unknown> = {}, allowed = [dir]) {
  const warnings: string[] = [];
  const host = await testHost({ folders: allowed, onWarn: (message) => warnings.push(message) });
  const { image, text, path } = await runNode(folder, {}, { folder: dir, ...params }, host);
  return { texts: text, paths: path, warnings, host, image };
}

async function loaded(dir: string, params: Record<string, unknown> = {}, allowed = [dir]) {
  const warnings: string[] = [];
  const host = await testHost({ folders: allowed, onWarn: (message) => warnings.push(message) });
  const { name, image } = await runNode(load, {}, { source: "folder", folder: dir, ...params }, host);
  return { names: name, warnings, host, image };
}

describe("pictures of a folder", () => {
  it("are known by their content, whatever their endings say", async () => {
    const dir = await folderOf({
      "a.jfif": jpeg,
      "b.jpe": jpeg,
      c: png,
      "d.dat": noise("webp"),
      "e.png": jpeg,
      "f.PNG": noise("gif"),
      "g.img": noise("tiff"),
      "h.bin": noise("avif"),
      "i.v1": '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
    });
    const { names, warnings } = await loaded(dir);
    expect(names).toEqual(["a", "b", "c", "d", "e", "f", "g", "h", "i"]);
    expect(warnings).toEqual([]);
  });
  it("that are not read are counted by their endings; texts and tables are none", async () => {
    const heic = Buffer.from("\0\0\0\x18ftypheic\0\0\0\0mif1heic", "latin1");
    const dir = await folderOf({
      "a.png": png,
      "a.txt": "one",
      "b.heic": heic,
      "c.heic": heic,
      "d.psd": "8BPS1",
      "e.mp4": "film",
      LICENSE: "words",
      "captions.csv": "image,text",
      ".hidden.heic": heic,
    });
    const left =
      "5 files are no pictures that are read, and are left out: .heic (2), no ending (1), .psd (1) and .mp4 (1).";
    expect((await loaded(dir)).warnings).toEqual([left]);
    expect((await read(dir)).warnings).toEqual([left]);
  });
  it("that say they are HEIC under another ending are named", async () => {
    const dir = await folderOf({ "a.jpg": Buffer.from("\0\0\0\x18ftypheic\0\0\0\0mif1heic", "latin1") });
    await expect(loaded(dir)).rejects.toThrow("The picture a.jpg is refused: it is HEIC, which is not read.");
  });
});

describe("damaged pictures", () => {
  const cutOff = async (bytes: Promise<Uint8Array>) => cut(await bytes);
  const some = () =>
    folderOf({
      ...Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`${i}.txt`, `caption ${i}`])),
      "0.png": png,
      "1.png": cutOff(png),
      "2.jpg": jpeg,
      "3.jpg": cutOff(jpeg),
      "4.webp": cutOff(noise("webp")),
      "5.gif": noise("gif"),
    });
  it("are all named in one error", async () => {
    const dir = await folderOf({ "0.png": png, "1.png": cutOff(png), "2.jpg": jpeg, "3.jpg": cutOff(jpeg) });
    const { host, image } = await loaded(dir);
    await expect(runNode(resize, { image }, { width: 8, height: 8 }, host)).rejects.toThrow(
      "2 of 4 pictures cannot be decoded: 1.png and 3.jpg.",
    );
  });
  it("are all named where one has not even a header", async () => {
    const dir = await some();
    await writeFile(join(dir, "5.gif"), "no picture");
    await expect(read(dir)).rejects.toThrow(
      "4 of 6 pictures are damaged or cannot be read: 1.png, 3.jpg, 4.webp and 5.gif.",
    );
  });
  it.each(["txt", "table"])("are left out and counted when asked: %s", async (captions) => {
    const dir = await some();
    await writeFile(join(dir, "5.gif"), "");
    const rows = ["0.png", "1.png", "2.jpg", "3.jpg", "4.webp", "5.gif", "gone.png"].map(
      (image, i) => `${image},caption ${i}`,
    );
    await writeFile(join(dir, "captions.csv"), ["image,text", ...rows].join("\n"));
    const { texts, paths, warnings, host, image } = await read(dir, {
      damaged: "leave out",
      captions: captions === "txt" ? "txt" : "csv",
    });
    expect([texts, paths]).toEqual([
      ["caption 0", "caption 2"],
      ["0.png", "2.jpg"],
    ]);
    expect(warnings).toEqual([
      captions === "txt"
        ? "4 of 6 pictures are damaged or cannot be read, and are left out: 1.png, 3.jpg, 4.webp and 5.gif."
        : "5 of 7 pictures are damaged or cannot be read, and are left out: 1.png, 3.jpg, 4.webp, 5.gif and gone.png.",
    ]);
    const { image: resized } = await runNode(resize, { image }, { width: 8, height: 8 }, host);
    expect("pixels" in resized && resized.pixels.shape).toEqual([2, 8, 8, 3]);
  });
  it("are named ten at a time", async () => {
    const dir = await folderOf(Object.fromEntries(Array.from({ length: 14 }, (_, i) => [`${i + 10}.png`, "none"])));
    await expect(loaded(dir)).rejects.toThrow(
      /^14 of 14 pictures are damaged or cannot be read: 10\.png, .*19\.png and 4 more\.$/,
    );
  });
  it("are uploads too", async () => {
    const host = await testHost();
    const images = await Promise.all(
      [png, cutOff(png), jpeg].map(async (bytes, i) => ({ ref: await host.put(await bytes), name: `${i}.png` })),
    );
    expect((await runNode(load, {}, { images, damaged: "leave out" }, host)).name).toEqual(["0", "2"]);
  });
  it("are not JPEGs that lack nothing but their end marker, which is told", async () => {
    const whole = await jpeg;
    const dir = await folderOf({ "a.jpg": whole.subarray(0, -2), "b.jpg": whole, "c.jpg": whole.subarray(0, -1) });
    const { names, warnings, host, image } = await loaded(dir);
    expect(names).toEqual(["a", "b", "c"]);
    expect(warnings).toEqual(["2 JPEGs lack their end markers and are read nonetheless: a.jpg and c.jpg."]);
    const { image: resized } = await runNode(resize, { image }, { width: 4, height: 4 }, host);
    const data = "pixels" in resized ? (resized.pixels.data as Uint8Array) : new Uint8Array();
    expect(data.slice(0, 48)).toEqual(data.slice(48, 96));
    expect(data.slice(96)).toEqual(data.slice(48, 96));
  });
});

describe("links", () => {
  it("are followed to where data may be read from, as caches of hubs lay pictures out", async () => {
    const root = await folderOf({ "blobs/3f": png, "blobs/4a": jpeg, "blobs/deep/5c": png, "set/a.txt": "one" });
    const set = join(root, "set");
    await symlink("../blobs/3f", join(set, "a.png"));
    await symlink("../blobs/4a", join(set, "b.png"));
    await writeFile(join(set, "b.txt"), "two");
    await symlink(join(root, "blobs/deep"), join(set, "more"));
    await writeFile(join(root, "blobs/deep/5c.txt"), "three");
    const { texts, paths, warnings } = await read(set, {}, [root]);
    expect([texts, paths, warnings]).toEqual([["one", "two", "three"], ["a.png", "b.png", "more/5c"], []]);
    await writeFile(join(set, "captions.csv"), "image,text\nb.png,table\nmore/5c,far\n");
    expect((await read(set, { captions: "csv" }, [root])).texts).toEqual(["table", "far"]);
  });
  it("out of the allowed folders, to nothing and in circles are left out and told", async () => {
    const outside = await folderOf({ "x.png": png, "sub/y.png": png });
    const dir = await folderOf({ "a.png": png, "sub/b.png": png });
    await symlink(join(outside, "x.png"), join(dir, "x.png"));
    await symlink(join(outside, "sub"), join(dir, "out"));
    await symlink("nowhere", join(dir, "broken.png"));
    await symlink("..", join(dir, "sub/up"));
    await symlink("sub", join(dir, "same"));
    const { names, warnings } = await loaded(dir);
    expect(names).toEqual(["a", "b"]);
    expect(warnings).toEqual([
      "2 links lead out of the folders that may be read (PATCHBAY_FOLDERS) and are left out: out and x.png.",
      "1 link leads to nothing and is left out: broken.png.",
      "2 links lead to folders that are read already and are left out: same and sub/up.",
    ]);
    await writeFile(join(dir, "captions.csv"), "image,text\nx.png,one\n");
    await expect(read(dir, { captions: "csv" })).rejects.toThrow("it is a link out of the folders that may be read");
  });
  it("of two folders to each other end", async () => {
    const dir = await folderOf({ "one/a.png": png, "two/b.png": png });
    await symlink("../two", join(dir, "one/two"));
    await symlink("../one", join(dir, "two/one"));
    expect((await loaded(dir)).names).toEqual(["a", "b"]);
  });
  it("change the stamp when what they lead to changes", async () => {
    const root = await folderOf({ "blobs/3f": png, "set/b.png": png });
    await symlink("../blobs/3f", join(root, "set/a.png"));
    const host = await testHost({ folders: [root] });
    const before = await host.folderStamp(join(root, "set"));
    await writeFile(join(root, "blobs/3f"), await jpeg);
    expect(await host.folderStamp(join(root, "set"))).not.toBe(before);
  });
  it("and folders that lie too deep are told", async () => {
    const deep = Array.from({ length: 14 }, (_, i) => `f${i}`).join("/");
    const { warnings } = await loaded(await folderOf({ "a.png": png, [`${deep}/b.png`]: png }));
    expect(warnings).toEqual([expect.stringMatching(/^1 folder lies too deep and is left out: f0\/.*f12\.$/)]);
  });
});

describe("captions beside pictures", () => {
  it("may be called in several ways, of which the first counts", async () => {
    const dir = await folderOf({
      "a.png": png,
      "a.caption": "a",
      "b.png": png,
      "b.png.txt": "b",
      "c.png": png,
      "c.png.caption": "c",
      "d.png": png,
      "d.png.txt": "first",
      "d.txt": "second",
      "e.tar.png": png,
      "e.tar.txt": "e",
      "f.txt": "nobody's",
    });
    const { texts, warnings } = await read(dir);
    expect(texts).toEqual(["a", "b", "c", "first", "e"]);
    expect(warnings).toEqual([
      "1 picture has several captions, of which one is read (.txt before .caption): d.png.",
      "1 caption has no picture beside it: f.txt.",
    ]);
  });
  it.each([
    ["UTF-8 with a byte-order mark", Buffer.from("\ufeffcafé")],
    ["UTF-16, little end first", Buffer.from("\ufeffcafé", "utf16le")],
    ["UTF-16, big end first", Buffer.from("\ufeffcafé", "utf16le").swap16()],
    ["UTF-16 without a mark", Buffer.from("café", "utf16le")],
    ["UTF-16 without a mark, big end first", Buffer.from("café", "utf16le").swap16()],
  ])("are read from %s", async (_, bytes) => {
    expect((await read(await folderOf({ "a.png": png, "a.txt": bytes }))).texts).toEqual(["café"]);
    const table = Buffer.from(new TextEncoder().encode("image,text\na.png,x\n"));
    expect((await read(await folderOf({ "a.png": png, "captions.csv": table }), { captions: "csv" })).texts).toEqual([
      "x",
    ]);
  });
});

describe("names", () => {
  const composed = "caf\u00e9 \u00fc";
  const decomposed = composed.normalize("NFD");
  const forms = [
    [composed, decomposed],
    [decomposed, composed],
  ] as const;
  it.each(forms)("in two Unicode forms are one beside pictures and in folders", async (picture, caption) => {
    const dir = await folderOf({ [`${picture}.png`]: png, [`${caption}.txt`]: "one" });
    expect((await read(dir)).texts).toEqual(["one"]);
  });
  it.each(forms)("in two Unicode forms are one in tables, columns and paths", async (picture, named) => {
    const dir = await folderOf({
      [`${picture}/${picture}.png`]: png,
      [`${picture}.csv`]: `${named},text\n${named}/${named}.png,one\n`,
      "t.jsonl": JSON.stringify({ [named]: `${named}/${named}.png`, text: "two" }),
    });
    const csv = { captions: "csv", table: `${named}.csv`, imageColumn: picture };
    expect((await read(dir, csv)).texts).toEqual(["one"]);
    expect((await read(dir, { captions: "jsonl", table: "t.jsonl", imageColumn: picture })).texts).toEqual(["two"]);
    const host = await testHost({ folders: [join(dir, named)] });
    const { name } = await runNode(load, {}, { source: "folder", folder: join(dir, named) }, host);
    expect(name).toEqual([picture]);
  });
});

describe("pictures stay where they lie", () => {
  const rows = async () => {
    const dir = await folderOf({ "a.png": png, "a.txt": "one", "b.jpg": jpeg, "b.txt": "two" });
    return { dir, ...(await read(dir)) };
  };
  const pixels = (image: ImageBatch, host: Host) => runNode(resize, { image }, { width: 8, height: 8 }, host);

  it("and nothing of them is stored", async () => {
    const { image, dir } = await rows();
    const files = "files" in image ? image.files : [];
    expect(files.map((file) => "file" in file && file.file.path)).toEqual([join(dir, "a.png"), join(dir, "b.jpg")]);
  });
  it("and give the pixels of the same pictures uploaded", async () => {
    const { image, host } = await rows();
    const stored = await Promise.all([png, jpeg].map(async (bytes) => host.importImage(await bytes)));
    expect(await pixels(image, host)).toEqual(await pixels({ files: stored }, host));
  });
  it("so that one that was changed meanwhile is told", async () => {
    const { image, host, dir } = await rows();
    await writeFile(join(dir, "b.jpg"), await png);
    await expect(pixels(image, host)).rejects.toThrow("“b.jpg” was changed while it was in use");
  });
  it("so that one that vanished meanwhile is told", async () => {
    const { image, host, dir } = await rows();
    await rm(join(dir, "b.jpg"));
    await expect(pixels(image, host)).rejects.toThrow("“b.jpg” is gone");
  });
  it("and are not read through a link that took their place", async () => {
    const { image, host, dir } = await rows();
    const outside = await folderOf({ "secret.png": png });
    await rm(join(dir, "a.png"));
    await symlink(join(outside, "secret.png"), join(dir, "a.png"));
    await expect(pixels(image, host)).rejects.toThrow("lies in no folder that may be read");
  });
  it("and a browser is shown small copies from the store", async () => {
    const large = sharp({ create: { width: 2000, height: 500, channels: 3, background: "blue" } }).png();
    const dir = await folderOf({ "wide.png": large.toBuffer(), "wide.txt": "wide" });
    const { image, host } = await read(dir);
    const [shown] = await host.shownImages("files" in image ? image.files : []);
    expect(shown).toMatchObject({ width: 512, height: 128, name: "wide.png" });
    expect((await sharp(await host.get(shown?.ref ?? "")).metadata()).width).toBe(512);
  });
});
