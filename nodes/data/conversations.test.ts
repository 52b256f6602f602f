import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { runNode, temporaryFolder, testHost } from "#tests/kit/run-node";
import type { ImageFile } from "../core/values";
import { conversations } from "./conversations";

let folder: string;

beforeAll(async () => {
  folder = await temporaryFolder();
  await mkdir(join(folder, "images"));
  const picture = (name: string, red: number) =>
    sharp({ create: { width: 4, height: 3, channels: 3, background: { r: red, g: 0, b: 0 } } }).toFile(
      join(folder, "images", name),
    );
  await Promise.all([picture("a.png", 10), picture("b.jpg", 200)]);
});

interface Written {
  id?: unknown;
  image?: unknown;
  video?: unknown;
  conversations?: unknown;
}

const turns = (...values: string[]) => values.map((value, i) => ({ from: i % 2 ? "gpt" : "human", value }));
const seen = { image: "images/a.png", conversations: turns("<image>\nWhat?", "Red.") };
const told = { conversations: turns("Hi", "Hello.") };

/** Writes a file and reads it, with warnings. */
async function read(name: string, content: string | Written[], params: object = {}) {
  const isLines = name.endsWith("l") && !name.endsWith("yaml");
  const lines = (rows: Written[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  const text = typeof content === "string" ? content : isLines ? lines(content) : JSON.stringify(content);
  await writeFile(join(folder, name), text);
  const warnings: string[] = [];
  const host = await testHost({ folders: [folder], onWarn: (message) => warnings.push(message) });
  const rows = await runNode(conversations, {}, { folder, files: name, ...params }, host);
  return { ...rows, warnings, host };
}

describe("conversations", () => {
  it("give each row its pictures, its kind, and where it is from", async () => {
    const several = { id: 7, image: ["images/a.png", "images/b.jpg"], conversations: turns("<image><image>?", "Two.") };
    const film = { id: "f", video: "c.mp4", conversations: turns("<image>\nWhat happens?", "Nothing.") };
    const got = await read("kinds.json", [seen, told, several, film]);
    expect(got.kind).toEqual(["single", "text", "several", "video"]);
    expect(got.images.counts).toEqual([1, 0, 2, 0]);
    expect((got.images as { files: ImageFile[] }).files.map(({ name }) => name)).toEqual([
      "images/a.png",
      "images/a.png",
      "images/b.jpg",
    ]);
    expect([got.id, got.video]).toEqual([
      ["", "", "7", "f"],
      ["", "", "", "c.mp4"],
    ]);
    expect(new Set(got.source)).toEqual(new Set(["kinds.json"]));
    expect(got.warnings).toEqual([]);
  });

  it("give the frames of videos where they are asked for, and rows of some kinds alone", async () => {
    const frames = Buffer.concat([0, 80, 160, 240].map((grey) => Buffer.alloc(4 * 3 * 3, grey)));
    await sharp(frames, { raw: { width: 4, height: 12, channels: 3, pageHeight: 3 } }).toFile(join(folder, "film.gif"));
    const film = { video: "film.gif", conversations: turns("<image>\nWhat happens?", "It dawns.") };
    const rows = [seen, film, told, { ...film, video: "none.mp4" }];
    const named = await read("films.json", rows, { kinds: ["video", "text"] });
    expect([named.kind, named.images.counts]).toEqual([
      ["video", "text", "video"],
      [0, 0, 0],
    ]);
    const got = await read("films.json", rows, { kinds: ["video"], frames: 3, bad: "leave out" });
    expect([got.kind, got.images.counts]).toEqual([["video"], [3]]);
    expect(got.warnings.join()).toContain("row 4 of “films.json”: its video is missing");
    await expect(read("films.json", rows, { frames: 3 })).rejects.toThrow(
      "row 4 of “films.json”: its video is missing",
    );
  });

  it("begin the paths of pictures in a folder of their own, where one is given", async () => {
    const got = await read("elsewhere.json", [{ ...seen, image: "a.png" }], { pictures: join(folder, "images") });
    expect(got.images.counts).toEqual([1]);
    await expect(read("elsewhere.json", [{ ...seen, image: "a.png" }])).rejects.toThrow("its picture is missing");
  });

  it("take the first, the last or some at random, which the seed decides", async () => {
    const rows = Array.from({ length: 50 }, (_, i) => ({ ...told, id: i }));
    const idsOf = async (take: string, seed = 0) => (await read("many.jsonl", rows, { take, seed })).id.map(Number);
    expect(await idsOf("first:3")).toEqual([0, 1, 2]);
    expect(await idsOf("end:3%")).toEqual([48, 49]);
    const drawn = await idsOf("random:10", 1);
    expect(drawn).toEqual([...drawn].sort((a, b) => a - b));
    expect([new Set(drawn).size, await idsOf("random:10", 1)]).toEqual([10, drawn]);
    expect(await idsOf("random:10", 2)).not.toEqual(drawn);
    expect(
      conversations.check?.({ folder, files: "x", take: "middle:3", strategies: "strict" } as never),
    ).toMatchObject({
      param: "take",
      message: expect.stringContaining("“middle:3” is no strategy"),
    });
  });

  it("read mixtures of files beside them, in folders, and elsewhere by their whole path", async () => {
    await mkdir(join(folder, "parts"), { recursive: true });
    await writeFile(join(folder, "parts", "one.json"), JSON.stringify([{ ...told, id: "one" }]));
    await writeFile(join(folder, "two.jsonl"), JSON.stringify({ ...told, id: "two" }));
    const list = (paths: string[]) => `datasets:\n${paths.map((path) => `- json_path: ${path}\n`).join("")}`;
    await writeFile(join(folder, "parts", "mix.yaml"), list(["one.json", "../two.jsonl", join(folder, "two.jsonl")]));
    const host = await testHost({ folders: [folder] });
    const got = await runNode(conversations, {}, { folder, files: "parts/mix.yaml" }, host);
    expect(got.id).toEqual(["one", "two", "two"]);
    await expect(read("out.yaml", list(["/etc/passwd"]))).rejects.toThrow(
      /entry 1: The folder “\/etc\/” may not be read/,
    );
  });

  it("leave bad rows out, and count them", async () => {
    const rows = [seen, { ...seen, image: "images/none.png" }, { conversations: "hello" }, told];
    await expect(read("bad.jsonl", rows)).rejects.toThrow(
      "2 of 4 rows cannot be used: row 3 of “bad.jsonl”: its conversation is no list of turns; row 2",
    );
    const got = await read("bad.jsonl", rows, { bad: "leave out" });
    expect([got.kind, got.images.counts, got.warnings.length]).toEqual([["single", "text"], [1, 0], 1]);
  });
});

/** Ten lists, each of twenty of the one before. */
function aliases(): string {
  const lists = Array.from({ length: 10 }, (_, i) => `l${i}: &l${i} [${Array(20).fill(i ? `*l${i - 1}` : "x")}]`);
  return [...lists, "datasets: *l9"].join("\n");
}

const deep = (open: string, close: string, count: number) => open.repeat(count) + close.repeat(count);

describe("hostile files", () => {
  it.each([
    ["out of the folder", "../x.png", "leaves the folder"],
    ["out of the folder on a way", "images/../../x.png", "leaves the folder"],
    ["from the root", "/etc/x.png", "leaves the folder"],
    ["from a drive", "C:\\x.png", "leaves the folder"],
    ["with backslashes", "images\\..\\..\\x.png", "leaves the folder"],
    ["with a zero", "images/a.png\0.jpg", "is no path of a picture"],
    ["of a name too long", `${"x".repeat(300)}.png`, "is no path of a picture"],
    ["too long", "x/".repeat(3000), "is no path of a picture"],
    ["through a file", "images/a.png/b.png", "is missing"],
    ["that is a folder", "images", "is missing"],
  ])("a path %s is told with its row", async (_, image, message) => {
    const rows = [told, { ...seen, image }];
    await expect(read("paths.jsonl", rows)).rejects.toThrow(/row 2 of “paths.jsonl”: .*/);
    await expect(read("paths.jsonl", rows)).rejects.toThrow(message);
    expect((await read("paths.jsonl", rows, { bad: "leave out" })).kind).toEqual(["text"]);
  });

  it("a link out of what may be read is not followed", async () => {
    await symlink("/etc/hostname", join(folder, "images", "link.png"));
    await expect(read("link.json", [{ ...seen, image: "images/link.png" }])).rejects.toThrow("it is a link out of");
  });

  it("a row of a million turns is refused by its number", async () => {
    const many = Array.from({ length: 1_000_000 }, (_, i) => ({ from: i % 2 ? "gpt" : "human", value: "" }));
    await expect(read("turns.jsonl", [told, { conversations: many }])).rejects.toThrow(
      "row 2 of “turns.jsonl”: its conversation has 1000000 turns, and 10000 is the limit",
    );
  }, 60_000);

  it("a line of more than 64 MiB is told and not read", async () => {
    const line = `{"conversations": "${"x".repeat(65 * 2 ** 20)}"}`;
    await expect(read("huge.jsonl", `${JSON.stringify(told)}\n${line}`)).rejects.toThrow(
      /row 2 of “huge.jsonl”: it has 66 MiB, and 64 is the limit for a row/,
    );
  }, 60_000);

  it("nesting without end is a bad row", async () => {
    const line = `{"conversations": ${deep("[", "]", 200_000)}}`;
    await expect(read("deep.jsonl", `${line}\n`)).rejects.toThrow("row 1 of “deep.jsonl”");
    await expect(read("deep.json", `[${line}, ${JSON.stringify(told)}]`)).rejects.toThrow("row 1 of “deep.json”");
  });

  it.each([
    ["of aliases", aliases(), "no YAML"],
    ["of lists in lists", `datasets: ${deep("[", "]", 100_000)}`, "cannot be read"],
    ["of more than a megabyte", `datasets: [${"x,".repeat(600_000)}]`, "letters, and 1048576 are the limit"],
    ["of too many files", `datasets: [${"x,".repeat(20_000)}]`, "It names 20000 files"],
    ["that is no list", "datasets: 7", "It has no list “datasets”"],
    ["that is nothing", "", "It has no list “datasets”"],
    ["that is no YAML", "datasets: [", "It is no YAML"],
    ["of things that are no files", "datasets: [1, {json_path: 2}, {json_path: a, sampling_strategy: [x]}]", "entry 3"],
    [
      "that leads out",
      "datasets: [{json_path: ../../../etc/passwd}]",
      "entry 1: “../../../etc/passwd” is not in the folder",
    ],
    [
      "of a strategy that is none",
      "datasets: [{json_path: a, sampling_strategy: 'first:-1'}]",
      "“first:-1” is no strategy",
    ],
  ])("a mixture %s is refused", (_, text, message) => expect(read("mix.yaml", text)).rejects.toThrow(message));
});
