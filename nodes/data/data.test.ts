import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { runNode, temporaryFolder, testHost } from "#tests/kit/run-node";
import { emoji } from "./emoji";
import { folder } from "./folder";
import { mnist } from "./mnist";

describe("emoji", () => {
  it("gives a drawing per concept and vendor, with texts", async () => {
    const { image, name, keywords, group, vendor } = await runNode(emoji, {}, { vendors: ["fluent", "openmoji"], limit: 4 });
    expect("files" in image && image.files).toHaveLength(4);
    expect(name).toEqual(["grinning face", "grinning face", "grinning face with big eyes", "grinning face with big eyes"]);
    expect(vendor).toEqual(["openmoji", "fluent", "openmoji", "fluent"]);
    expect(keywords[0]).toContain("smile");
    expect(group[0]).toBe("smileys-emotion");
  });
  it("holds out the same concepts whatever the vendors, and splits without overlap", async () => {
    const names = async (params: object) => new Set((await runNode(emoji, {}, { complete: true, heldOut: 0.2, seed: 7, ...params })).name);
    const [train, held, other] = [await names({ vendors: ["openmoji"], split: "train" }), await names({ vendors: ["fluent"], split: "held-out" }), await names({ vendors: ["noto"], split: "held-out" })];
    expect([...held]).toEqual([...other]);
    expect([...held].filter((n) => train.has(n))).toEqual([]);
    expect(train.size + held.size).toBeGreaterThan(1500);
    expect(held.size / (train.size + held.size)).toBeCloseTo(0.2, 1);
  });
});

describe("MNIST", () => {
  it("gives digits going round the classes, white on black", async () => {
    const { image, label, classes } = await runNode(mnist, {}, { limit: 3 });
    expect([label.length, label.slice(9, 12), classes[3]]).toEqual([30, ["9", "0", "1"], "3"]);
    const { shape, data } = "pixels" in image ? image.pixels : { shape: [], data: [] };
    expect([shape, Math.max(...(data as number[])), data[0]]).toEqual([[30, 28, 28, 3], 255, 0]);
  });
  it("keeps test rows out of the training rows", async () => {
    const rows = async (split: string) => {
      const { image } = await runNode(mnist, {}, { split });
      const { data, shape } = "pixels" in image ? image.pixels : { data: new Uint8Array(), shape: [0] };
      return Array.from({ length: shape[0] as number }, (_, i) => String(data.slice(i * 2352, (i + 1) * 2352)));
    };
    const train = new Set(await rows("train")), test = await rows("test");
    expect([train.size, test.length, test.filter((row) => train.has(row)).length]).toEqual([8569, 1431, 0]);
  });
});

describe("folder with captions", () => {
  async function make() {
    const dir = await temporaryFolder(), png = await sharp({ create: { width: 4, height: 4, channels: 3, background: "red" } }).png().toBuffer();
    await mkdir(join(dir, "sub"));
    for (const file of ["a.png", "b.png", "sub/c.png"]) await writeFile(join(dir, file), png);
    await writeFile(join(dir, "a.txt"), " first \n");
    await writeFile(join(dir, "sub/c.txt"), "third");
    await writeFile(join(dir, "t.csv"), 'image,text\na.png,"one, two"\nsub/c.png,three\n');
    await writeFile(join(dir, "t.jsonl"), '{"file":"b.png","caption":"zwei"}\n');
    await writeFile(join(dir, "bad.csv"), "image,text\n../../etc/passwd,x\n");
    return dir;
  }
  it("reads .txt files beside pictures, and warns of pictures without one", async () => {
    const dir = await make(), warnings: string[] = [], { text, path } = await runNode(folder, {}, { folder: dir }, await testHost({ folders: [dir], onWarn: (w) => warnings.push(w) }));
    expect([text, path]).toEqual([["first", "third"], ["a.png", "sub/c.png"]]);
    expect(warnings).toEqual(["1 of 3 pictures have no .txt beside them and are left out."]);
  });
  it("reads CSV and JSONL tables", async () => {
    const dir = await make(), host = await testHost({ folders: [dir] });
    expect((await runNode(folder, {}, { folder: dir, captions: "csv", table: "t.csv" }, host)).text).toEqual(["one, two", "three"]);
    expect((await runNode(folder, {}, { folder: dir, captions: "jsonl", table: "t.jsonl", imageColumn: "file", textColumn: "caption" }, host)).text).toEqual(["zwei"]);
    await expect(runNode(folder, {}, { folder: dir, captions: "csv", table: "t.csv", textColumn: "caption" }, host)).rejects.toThrow("Row 1 of “t.csv” has no “caption”; its columns are image, text.");
  });
  it("never leaves the folder: not by ../, not by a link, not by another folder", async () => {
    const dir = await make(), host = await testHost({ folders: [dir] });
    await expect(runNode(folder, {}, { folder: dir, captions: "csv", table: "bad.csv" }, host)).rejects.toThrow("“../../etc/passwd” is not in the folder");
    await symlink("/etc", join(dir, "link"));
    await expect(host.readFolderFile(dir, "link/passwd")).rejects.toThrow("is not in the folder");
    await expect(host.listFolder(join(dir, "link"), [".conf"])).rejects.toThrow("may not be read");
  });
});
