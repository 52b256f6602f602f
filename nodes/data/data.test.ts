import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { runNode, temporaryFolder, testHost } from "#tests/kit/run-node";
import { emoji } from "./emoji";
import { folder } from "./folder";
import { mnist } from "./mnist";

describe("emoji", () => {
  it("gives a drawing per concept and vendor, with texts", async () => {
    const { image, name, keywords, group, vendor } = await runNode(
      emoji,
      {},
      { vendors: ["fluent", "openmoji"], limit: 4 },
    );
    expect("files" in image && image.files).toHaveLength(4);
    expect(name).toEqual([
      "grinning face",
      "grinning face",
      "grinning face with big eyes",
      "grinning face with big eyes",
    ]);
    expect(vendor).toEqual(["openmoji", "fluent", "openmoji", "fluent"]);
    expect(keywords[0]).toContain("smile");
    expect(group[0]).toBe("smileys-emotion");
  });
  it("holds out equal drawings together, so that none is in both parts", async () => {
    const host = await testHost();
    const refs = async (split: string) =>
      new Set(
        (
          (await runNode(emoji, {}, { vendors: ["openmoji"], split, heldOut: 0.5 }, host)).image as {
            files: { ref: string }[];
          }
        ).files.map((f) => f.ref),
      );
    const [train, held] = [await refs("train"), await refs("held-out")];
    expect([...held].filter((ref) => train.has(ref))).toEqual([]);
    expect(Math.min(train.size, held.size)).toBeGreaterThan(600);
  });
  it("holds out the same concepts whatever the vendors, and splits without overlap", async () => {
    const names = async (params: object) =>
      new Set((await runNode(emoji, {}, { complete: true, heldOut: 0.2, seed: 7, ...params })).name);
    const [train, held, other] = [
      await names({ vendors: ["openmoji"], split: "train" }),
      await names({ vendors: ["fluent"], split: "held-out" }),
      await names({ vendors: ["noto"], split: "held-out" }),
    ];
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
    const train = new Set(await rows("train"));
    const test = await rows("test");
    expect([train.size, test.length, test.filter((row) => train.has(row)).length]).toEqual([8569, 1431, 0]);
  });
});

describe("folder with captions", () => {
  async function make() {
    const dir = await temporaryFolder();
    const png = await sharp({ create: { width: 4, height: 4, channels: 3, background: "red" } })
      .png()
      .toBuffer();
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
    const dir = await make();
    const warnings: string[] = [];
    const { text, path } = await runNode(
      folder,
      {},
      { folder: dir },
      await testHost({ folders: [dir], onWarn: (w) => warnings.push(w) }),
    );
    expect([text, path]).toEqual([
      ["first", "third"],
      ["a.png", "sub/c.png"],
    ]);
    expect(warnings).toEqual(["1 of 3 pictures have no .txt beside them and are left out."]);
  });
  it("reads CSV and JSONL tables", async () => {
    const dir = await make();
    const host = await testHost({ folders: [dir] });
    expect((await runNode(folder, {}, { folder: dir, captions: "csv", table: "t.csv" }, host)).text).toEqual([
      "one, two",
      "three",
    ]);
    expect(
      (
        await runNode(
          folder,
          {},
          { folder: dir, captions: "jsonl", table: "t.jsonl", imageColumn: "file", textColumn: "caption" },
          host,
        )
      ).text,
    ).toEqual(["zwei"]);
    await expect(
      runNode(folder, {}, { folder: dir, captions: "csv", table: "t.csv", textColumn: "caption" }, host),
    ).rejects.toThrow("Row 1 of “t.csv” has no “caption”; its columns are image, text.");
  });
  it.each<[string, string | Uint8Array, string[]]>([
    [
      "a byte-order mark, CRLF, quotes and line breaks",
      '\ufeffimage,text\r\na.png,"one, ""two""\nthree"\r\n',
      ['one, "two"\nthree'],
    ],
    ["semicolons", "text;image\none;a.png\n", ["one"]],
    ["tabs and a quoted header", 'image\t"text"\na.png\tone\n', ["one"]],
    ["quotes inside of a field", 'image,text\na.png,he said "hi"\n', ['he said "hi"']],
    [
      "the same picture twice, and empty lines",
      "image,text\n\na.png,one\n\nsub\\c.png,two\na.png,three",
      ["one", "two", "three"],
    ],
    ["empty captions, which are left out", "image,text\na.png,\nb.png, \nb.png,x\n", ["x"]],
    ["UTF-16", new Uint8Array(Buffer.from("\ufeffimage,text\na.png,größer\n", "utf16le")), ["größer"]],
  ])("reads a CSV with %s", async (_, content, texts) => {
    const dir = await make();
    const host = await testHost({ folders: [dir] });
    await writeFile(join(dir, "x.csv"), content);
    expect((await runNode(folder, {}, { folder: dir, captions: "csv", table: "x.csv" }, host)).text).toEqual(texts);
  });
  it.each<["csv" | "jsonl" | "txt", string | Uint8Array, string]>([
    ["csv", "image,text\na.png,x\nnope.png,one\n", "Row 2 of “x”: “nope.png” is not in the folder"],
    ["csv", "image,text\nsub,one\n", "Row 1 of “x”: “sub” is no file."],
    ["csv", "image,text\n", "“x” holds no picture with a caption."],
    ["csv", new Uint8Array(Buffer.from("image,text\na.png,caf\xe9\n", "latin1")), "“x” is no UTF-8 text."],
    [
      "jsonl",
      '{"image":"a.png","text":"x"}\n\n{bad',
      "“x” cannot be read as JSONL: Expected property name or '}' in JSON at position 1 on line 3",
    ],
    ["jsonl", '{"image":"a.png","text":[7]}', "Row 1 of “x” has no text in “text”; its columns are image, text."],
    ["jsonl", "null", "Row 1 of “x” has no “image”; its columns are none."],
    ["jsonl", '{"__proto__":{"image":"a.png","text":"x"}}', "Row 1 of “x” has no “image”"],
  ])("names row, file and reason: %s", async (captions, content, message) => {
    const dir = await make();
    const host = await testHost({ folders: [dir] });
    await writeFile(join(dir, "x"), content);
    await expect(runNode(folder, {}, { folder: dir, captions, table: "x" }, host)).rejects.toThrow(message);
  });
  it("finds captions whatever the case of their endings, and says what it leaves out", async () => {
    const dir = await make();
    const warnings: string[] = [];
    await writeFile(join(dir, "b.TXT"), "\ufeffzweites\r\n");
    await writeFile(join(dir, "a.txt"), " \n");
    expect(
      (await runNode(folder, {}, { folder: dir }, await testHost({ folders: [dir], onWarn: (w) => warnings.push(w) })))
        .text,
    ).toEqual(["zweites", "third"]);
    expect(warnings).toEqual(["1 of 3 captions are empty; their pictures are left out."]);
  });
  it("is read anew when a file changed, came or went, and only then", async () => {
    const dir = await make();
    const host = await testHost({ folders: [dir] });
    const stamp = () => folder.fingerprint?.({ host, params: { folder: dir } as never });
    const first = await stamp();
    expect(await stamp()).toBe(first);
    await writeFile(join(dir, "a.txt"), "another");
    const second = await stamp();
    await rm(join(dir, "b.png"));
    expect(new Set([first, second, await stamp()]).size).toBe(3);
  });
  it("never leaves the folder: not by ../, not by a link, not by another folder", async () => {
    const dir = await make();
    const host = await testHost({ folders: [dir] });
    await expect(runNode(folder, {}, { folder: dir, captions: "csv", table: "bad.csv" }, host)).rejects.toThrow(
      "“../../etc/passwd” is not in the folder",
    );
    await symlink("/etc", join(dir, "link"));
    await expect(host.readFolderFile(dir, "link/passwd")).rejects.toThrow("is not in the folder");
    await expect(host.listFolder(join(dir, "link"))).rejects.toThrow("may not be read");
    await expect(host.listFolder(join(dir, "a.png"))).rejects.toThrow("is no folder");
    for (const name of ["/etc/passwd", "a\0b", "../x", ""])
      await expect(host.readFolderFile(dir, name)).rejects.toThrow(/is not in the folder|is no file/);
  });
});
