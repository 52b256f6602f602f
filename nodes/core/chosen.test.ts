import { zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { type Source, sourceOf } from "#models/onnx/import/fields";
import { type Chosen, choose } from "./chosen";
import type { Inspect } from "./node";

const text = (words: string) => new TextEncoder().encode(words);
const file = (path: string, words = path): Chosen => ({ path, source: sourceOf(text(words)) });
const wordsOf = async (source: Source) => new TextDecoder().decode(await source.read(0, source.size));

/** Reads files like "needs a.bin, sub/b.bin". */
const inspect: Inspect = {
  ending: ".model",
  async read(source, beside) {
    const files = (await wordsOf(source)).replace("needs ", "").split(", ").filter(Boolean);
    for (const path of files) if (!(await beside(path))) throw new Error(`${path} is missing`);
    return { kept: files.length, files };
  },
};
/** The reference of a file is what is in it. */
const send = ({ source }: Chosen) => wordsOf(source);
const chosen = (...files: Chosen[]) => choose({ chosen: files, inspect, send });

describe("files that are chosen together", () => {
  it("are one that is meant and those that it names, found by their paths or by their names", async () => {
    const model = file("folder/x.model", "needs a.bin, sub/b.bin");
    expect(await chosen(file("a.bin"), model, file("folder/sub/b.bin"), file("other/b.bin"))).toEqual({
      ref: "needs a.bin, sub/b.bin",
      name: "x.model",
      kept: 2,
      files: [
        { path: "a.bin", ref: "a.bin" },
        { path: "sub/b.bin", ref: "folder/sub/b.bin" },
      ],
    });
  });
  it("may lie in an archive", async () => {
    const bytes = zipSync({ "my/x.model": text("needs a.bin"), "my/a.bin": text("numbers") });
    expect(await chosen({ path: "my.zip", source: sourceOf(bytes) })).toEqual({
      ref: "needs a.bin",
      name: "x.model",
      kept: 1,
      files: [{ path: "a.bin", ref: "numbers" }],
    });
  });
  it("are not sent when one of them is missing, or two may be meant", async () => {
    const sent: string[] = [];
    const sending = async (one: Chosen) => {
      sent.push(one.path);
      return one.path;
    };
    const choice = (...files: Chosen[]) => choose({ chosen: files, inspect, send: sending });
    await expect(choice(file("x.model", "needs a.bin"))).rejects.toThrow("a.bin is missing");
    await expect(choice(file("x.model", ""), file("y.model", ""))).rejects.toThrow(
      "Among 2 files one .model is expected; there is x.model, y.model.",
    );
    await expect(choice(file("x.txt"), file("y.txt"))).rejects.toThrow("there is none.");
    expect(sent).toEqual([]);
  });
  it("are found elsewhere where someone knows where", async () => {
    const find = async (path: string) => (path === "a.bin" ? sourceOf(text("found")) : undefined);
    expect(await choose({ chosen: [file("x.model", "needs a.bin")], inspect, send, find })).toMatchObject({
      files: [{ path: "a.bin", ref: "found" }],
    });
  });
  it("that are not inspected are sent as they are", async () => {
    expect(await choose({ chosen: [file("x.zip")], send })).toEqual({ ref: "x.zip", name: "x.zip" });
  });
});
