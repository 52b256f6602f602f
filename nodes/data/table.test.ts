import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { appendFile, cp, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Host } from "#nodes/core/host";
import { withPorts } from "#nodes/core/node";
import type { ImageBatch } from "#nodes/core/values";
import { openFolders } from "#server/files/folders";
import { columnsIn } from "#server/files/look-into";
import { runNode, temporaryFolder, testHost } from "#tests/kit/run-node";
import { resize } from "../image/resize";
import { table } from "./table";

const sets = join(import.meta.dirname, "../../tests/fixtures/lmm/datasets");

interface ExpectedRow {
  images: { bytes_sha256: string }[];
  captions?: string[];
  albef?: string[];
  blip?: string[];
  turns?: string[][];
}
const expectedOf = (set: string) =>
  JSON.parse(readFileSync(join(sets, set, "expected.json"), "utf8")) as { rows: ExpectedRow[]; max_words?: number };

/** Runs the node on files, with the columns that they have, or with some. */
async function read(folder: string, files: string, params: Record<string, unknown> = {}) {
  const warnings: string[] = [];
  const host = await testHost({ folders: [folder], onWarn: (message) => warnings.push(message) });
  const columns = params.columns ?? (await columnsIn(openFolders([folder]), folder, files));
  const given = { folder, files, columns, ...params };
  const outputs = (await runNode(table, {}, given, host)) as Record<string, unknown>;
  return { outputs, warnings, host, columns };
}

const text = (name: string) => ({ name, as: "text" });
const picture = (name: string) => ({ name, as: "picture" });

async function hashes(host: Host, images: unknown): Promise<string[]> {
  const { files } = images as Extract<ImageBatch, { files: unknown }>;
  return Promise.all(
    files.map(async (file) =>
      createHash("sha256")
        .update(await host.imageBytes(file))
        .digest("hex"),
    ),
  );
}

describe("data sets as others write them", () => {
  it.each([
    ["openclip-csv", "tabs.csv", "filepath", "title"],
    ["openclip-csv", "commas.csv", "filepath", "title"],
    ["albef-json", "pretrain.json", "image", "caption"],
    ["webdataset", "{000000..000001}.tar", "image", "txt"],
    ["arrow-vilt", "file-format.arrow", "image", "caption"],
    ["arrow-vilt", "stream-format.arrow", "image", "caption"],
    ["arrow-vilt", "file-lz4.arrow", "image", "caption"],
    ["arrow-vilt", "stream-zstd.arrow", "image", "caption"],
    ["arrow-vilt", "file-large-types.arrow", "image", "caption"],
  ])("give their pictures and captions: %s, %s", async (set, files, image, caption) => {
    const { rows } = expectedOf(set);
    const folder = join(sets, set);
    const { outputs, warnings, host } = await read(folder, files, { columns: [picture(image), text(caption)] });
    expect(await hashes(host, outputs[image])).toEqual(rows.map(({ images }) => images[0]?.bytes_sha256));
    expect(outputs[caption]).toEqual(rows.map(({ captions }) => captions?.[0]));
    expect(warnings).toEqual([]);
  });
  it.each(["ALBEF", "BLIP"] as const)("clean captions as %s does, one or a list of them", async (cleaning) => {
    const { rows, max_words: words } = expectedOf("albef-json");
    const cleaned = rows.map((row) => row[cleaning === "ALBEF" ? "albef" : "blip"]);
    const readAs = async (as: string) => {
      const params = { columns: [{ name: "caption", as }], cleaning, words };
      return (await read(join(sets, "albef-json"), "pretrain.json", params)).outputs.caption as string[];
    };
    expect(await readAs("text")).toEqual(cleaned.map((list) => list?.[0]));
    expect((await readAs("json")).map((json) => [JSON.parse(json)].flat())).toEqual(cleaned);
  });
  it.each(["plain", "snappy", "gzip", "zstd-v2"])("give conversations of Parquet packed as %s", async (packing) => {
    const { rows } = expectedOf(`ov-parquet-${packing}`);
    const { outputs, warnings, host } = await read(join(sets, `ov-parquet-${packing}`), "*.parquet", {
      bad: "leave out",
    });
    const withPicture = rows.filter(({ images }) => images.length);
    expect(await hashes(host, outputs.image)).toEqual(withPicture.map(({ images }) => images[0]?.bytes_sha256));
    const turns = (outputs.conversations as string[]).map(
      (json) => JSON.parse(json) as { from: string; value: string }[],
    );
    expect(turns.map((list) => list.map(({ from, value }) => [from, value]))).toEqual(
      withPicture.map((row) => row.turns),
    );
    expect(warnings).toEqual([
      "1 of 5 rows cannot be used, and is left out: row 2 of “train-00000-of-00001.parquet”: “image” is missing.",
    ]);
  });
  it("of several shards are one, in order; of lists of pictures the first is taken", async () => {
    const { rows } = expectedOf("docmatix");
    const { outputs, host } = await read(join(sets, "docmatix"), "data/train-*.parquet");
    expect(await hashes(host, outputs.images)).toEqual(rows.map(({ images }) => images[0]?.bytes_sha256));
  });
  it("have ports by their columns", async () => {
    const { columns } = await read(join(sets, "webdataset"), "000000.tar", { columns: [text("key")] });
    expect(withPorts(table, { columns } as never).outputs).toMatchObject({ key: { type: "text", shape: ["N"] } });
    expect(await columnsIn(openFolders([sets]), join(sets, "webdataset"), "000000.tar")).toEqual([
      { name: "image", as: "picture" },
      { name: "txt", as: "text" },
      { name: "json", as: "json" },
      { name: "cls", as: "integer" },
      { name: "key", as: "text" },
    ]);
  });
  it("give pixels, by pages and members", async () => {
    const { outputs, host } = await read(join(sets, "webdataset"), "*.tar", { columns: [picture("image")] });
    const image = outputs.image as ImageBatch;
    const { image: resized } = await runNode(resize, { image }, { width: 4, height: 4 }, host);
    expect("pixels" in resized && resized.pixels.shape).toEqual([5, 4, 4, 3]);
  });
});

/** A copy of a set, to be damaged. */
async function copyOf(set: string): Promise<string> {
  const folder = await temporaryFolder();
  await cp(join(sets, set), folder, { recursive: true });
  return folder;
}

describe("damaged data sets", () => {
  it.each([
    ["parquet-cut-short", "*.parquet", "cut off: its end"],
    ["parquet-empty-file", "*.parquet", "It is empty"],
    ["parquet-not-parquet", "*.parquet", "a pointer of Git LFS"],
    ["arrow-file-cut-short", "*.arrow", "its end is missing"],
    ["json-cut-short", "data.json", "no JSON, or cut off"],
    ["tar-gz-cut-short", "*.tar.gz", "It is compressed"],
  ])("are named, with what is wrong: %s", async (set, files, reason) => {
    await expect(read(join(sets, "broken", set), files, { columns: [text("x")] })).rejects.toThrow(reason);
  });
  it.each([
    ["parquet-wrong-columns", "*.parquet", "image", "has no column “image”; its columns are id, text"],
    ["csv-missing-column", "*.csv", "title", "has no column “title”; its columns are filepath, caption"],
  ])("that lack a column say which they have: %s", async (set, files, column, reason) => {
    await expect(read(join(sets, "broken", set), files, { columns: [text(column)] })).rejects.toThrow(reason);
  });
  it.each([
    [
      "tar-bad-header",
      "*.tar",
      "image",
      "txt",
      "“000000.tar” is damaged behind row 1. The header of a member at byte 2560",
    ],
    ["tar-cut-short", "*.tar", "image", "txt", "and the file ends after"],
    ["arrow-stream-cut-short", "*.arrow", "image", "caption", "is damaged behind row 2. It is cut off"],
  ])("stop, or give what lies before: %s", async (set, files, image, caption, reason) => {
    const folder = join(sets, "broken", set);
    const columns = [picture(image), text(caption)];
    await expect(read(folder, files, { columns })).rejects.toThrow(reason);
    const { outputs, warnings, host } = await read(folder, files, { columns, bad: "leave out" });
    const expected = expectedOf(`broken/${set}`).rows.slice(0, (outputs[caption] as string[]).length);
    expect(expected.length).toBeGreaterThan(0);
    expect(await hashes(host, outputs[image])).toEqual(expected.map(({ images }) => images[0]?.bytes_sha256));
    expect(warnings[0]).toContain(reason);
  });
  it.each([
    ["tar-no-end", "*.tar", "image", "txt"],
    ["arrow-stream-no-end", "*.arrow", "image", "caption"],
  ])("that lack nothing but their end are whole: %s", async (set, files, image, caption) => {
    const { outputs, warnings } = await read(join(sets, "broken", set), files, {
      columns: [picture(image), text(caption)],
    });
    expect(outputs[caption]).toEqual(expectedOf(`broken/${set}`).rows.map(({ captions }) => captions?.[0]));
    expect(warnings).toEqual([]);
  });
  it.each([
    ["csv-bad-row", "*.csv", "filepath", "title", "row 2 of “tabs.csv”: it has 1 cells"],
    ["csv-open-quote", "*.csv", "filepath", "title", "row 2 of “tabs.csv”"],
    ["jsonl-bad-row", "*.jsonl", "image", "id", "row 2 of “data.jsonl”: it is no JSON"],
    ["jsonl-cut-short", "*.jsonl", "image", "id", "row 5 of “data.jsonl”"],
    ["tar-bad-samples", "*.tar", "image", "txt", "row 2 of “000000.tar”: “txt” is missing"],
  ])("stop at a bad row, or leave it out: %s", async (set, files, image, caption, reason) => {
    const folder = join(sets, "broken", set);
    const columns = [picture(image), text(caption)];
    await expect(read(folder, files, { columns })).rejects.toThrow(reason.slice(0, 5));
    const { outputs, warnings, host } = await read(folder, files, { columns, bad: "leave out" });
    const rows = expectedOf(`broken/${set}`).rows.filter(({ images }) => images.length);
    expect(await hashes(host, outputs[image])).toEqual(rows.map(({ images }) => images[0]?.bytes_sha256));
    expect(warnings.join("\n")).toContain(reason);
  });
  it.each([
    "parquet-bad-page",
    "parquet-bad-picture",
  ])("stop at a damaged picture, or leave it out: %s", async (set) => {
    const folder = join(sets, "broken", set);
    const columns = [picture("image"), text("id")];
    const only = { where: [{ column: "id", is: "is not", value: "ov-1" }] };
    const pixels = async () => {
      const { outputs, host } = await read(folder, "*.parquet", { columns, ...only });
      await runNode(resize, { image: outputs.image as ImageBatch }, { width: 4, height: 4 }, host);
    };
    await expect(pixels()).rejects.toThrow(/row 1 of “?train/i);
    const { outputs, warnings } = await read(folder, "*.parquet", { columns, ...only, bad: "leave out" });
    expect(outputs.id).toEqual(["ov-2", "ov-3", "ov-4"]);
    expect(warnings.join()).toContain(
      "1 of 4 pictures is damaged or cannot be read, and is left out: in row 1 of train",
    );
  });
});

describe("sources that change", () => {
  const columns = [picture("image")];
  it("or vanish while they are in use are told, with the row", async () => {
    const folder = await copyOf("webdataset");
    const { outputs, host } = await read(folder, "*.tar", { columns });
    const image = outputs.image as ImageBatch;
    const pixels = () => runNode(resize, { image }, { width: 4, height: 4 }, host);
    await appendFile(join(folder, "000001.tar"), "more");
    await expect(pixels()).rejects.toThrow(/^Row [12] of “000001.tar”: “000001.tar” was changed while it was in use/);
    await rm(join(folder, "000001.tar"));
    await expect(pixels()).rejects.toThrow(/^Row [12] of “000001.tar”: “000001.tar” is gone/);
  });
  it("change the fingerprint, and with it what follows", async () => {
    const folder = await copyOf("openclip-csv");
    const host = await testHost({ folders: [folder] });
    const params = { folder, files: "tabs.csv", columns: [picture("filepath")] };
    const before = await table.fingerprint?.({ host, params } as never);
    await appendFile(join(folder, "images/ship.png"), "x");
    expect(await table.fingerprint?.({ host, params } as never)).not.toBe(before);
  });
  it("have their index made anew", async () => {
    const folder = await temporaryFolder();
    const host = await testHost({ folders: [folder] });
    const given = { folder, files: "a.jsonl", columns: [text("t")] };
    await writeFile(join(folder, "a.jsonl"), '{"t":"one"}\n');
    expect(await runNode(table, {}, given, host)).toEqual({ t: ["one"] });
    await writeFile(join(folder, "a.jsonl"), '{"t":"two"}\n\n{"t":"three"}');
    expect(await runNode(table, {}, given, host)).toEqual({ t: ["two", "three"] });
  });
});

describe("rows", () => {
  /** 1,000 rows in three files. */
  async function numbered(): Promise<string> {
    const folder = await temporaryFolder();
    const line = (i: number) => JSON.stringify({ i, half: i / 2 + 0.25, kind: i % 3 ? "a" : "b", pair: [i, -i] });
    for (const [file, first, end] of [
      ["p-0.jsonl", 0, 300],
      ["p-1.jsonl", 300, 301],
      ["p-2.jsonl", 301, 1000],
    ] as const) {
      await writeFile(join(folder, file), Array.from({ length: end - first }, (_, i) => line(first + i)).join("\n"));
    }
    return folder;
  }
  const integer = [{ name: "i", as: "integer" }];
  async function chosen(params: Record<string, unknown>): Promise<number[]> {
    const { outputs } = await read(await numbered(), "p-*.jsonl", { columns: integer, ...params });
    return Array.from((outputs.i as { data: BigInt64Array }).data, Number);
  }
  const first = (count: number) => Array.from({ length: count }, (_, i) => i);

  it("are all taken, or the first, or a share that is rounded up", async () => {
    expect(await chosen({})).toEqual(first(1000));
    expect(await chosen({ take: "first", amount: 302 })).toEqual(first(302));
    expect(await chosen({ take: "first", amount: 0.15, unit: "percent" })).toEqual(first(2));
  });
  it("are drawn by the seed, each at most once, in order", async () => {
    const drawn = await chosen({ take: "random", amount: 100, seed: 7 });
    expect(drawn).toEqual([...new Set(drawn)].sort((a, b) => a - b));
    expect(drawn.length).toBe(100);
    expect(await chosen({ take: "random", amount: 10, unit: "percent", seed: 7 })).toEqual(drawn);
    expect(await chosen({ take: "random", amount: 100, seed: 8 })).not.toEqual(drawn);
    expect(drawn.filter((i) => i >= 500).length).toBeGreaterThan(30);
  });
  it("are those that fit, of which the first are taken", async () => {
    const where = [
      { column: "kind", is: "is", value: "b" },
      { column: "i", is: "at least", value: "100" },
    ];
    expect(await chosen({ where, take: "first", amount: 3 })).toEqual([102, 105, 108]);
    expect(await chosen({ where: [{ column: "i", is: "is one of", value: "5, 301,5000" }] })).toEqual([5, 301]);
    await expect(chosen({ where: [{ column: "kind", is: "is", value: "c" }] })).rejects.toThrow("No row is left.");
  });
  it("hold numbers, one or several, as tensors", async () => {
    const { outputs, columns } = await read(await numbered(), "p-1.jsonl");
    expect(columns).toMatchObject([{ as: "integer" }, { as: "number" }, { as: "text" }, { as: "number", size: 2 }]);
    expect(outputs.half).toEqual({ dtype: "float32", shape: [1], data: Float32Array.of(150.25) });
    expect(outputs.pair).toEqual({ dtype: "float32", shape: [1, 2], data: Float32Array.of(300, -300) });
  });
  it("that are bad are named, ten at a time", async () => {
    const folder = await temporaryFolder();
    const lines = Array.from({ length: 20 }, (_, i) => JSON.stringify({ x: i < 12 ? "none" : i }));
    await writeFile(join(folder, "x.jsonl"), lines.join("\n"));
    const columns = [{ name: "x", as: "number" }];
    await expect(read(folder, "x.jsonl", { columns })).rejects.toThrow(
      /^12 of 20 rows cannot be used: row 1 of “x.jsonl”: “x” is no number; .*row 10 of .*; and 2 more\.$/,
    );
  });
});

describe("files", () => {
  it("are found by patterns, in order, and each once", async () => {
    const folder = await temporaryFolder();
    for (const name of ["a-1.jsonl", "a-2.jsonl", "a-10.jsonl", "b.jsonl"]) {
      await writeFile(join(folder, name), JSON.stringify({ t: name }));
    }
    const found = async (files: string) => (await read(folder, files, { columns: [text("t")] })).outputs.t;
    expect(await found("a-{1..2}.jsonl\nb.jsonl\na-*.jsonl")).toEqual([
      "a-1.jsonl",
      "a-2.jsonl",
      "b.jsonl",
      "a-10.jsonl",
    ]);
    expect(await found("**/{b,a-1?}.jsonl")).toEqual(["b.jsonl", "a-10.jsonl"]);
    await expect(found("c*.jsonl")).rejects.toThrow("fits “c*.jsonl”");
    await expect(found("a-{1..3}.jsonl")).rejects.toThrow("“a-3.jsonl” is not in the folder");
    await expect(found("{0..9}{0..99999}.tar")).rejects.toThrow("more than 100000 files");
  });
  it("outside of the folders that may be read are refused, also behind links and paths", async () => {
    const outside = await temporaryFolder();
    await writeFile(join(outside, "s.jsonl"), '{"t":"secret"}');
    const folder = await temporaryFolder();
    await symlink(join(outside, "s.jsonl"), join(folder, "s.jsonl"));
    await writeFile(join(folder, "p.csv"), `image,t\n../${outside.split("/").at(-1)}/s.png,x\n`);
    const columns = [text("t")];
    await expect(read(folder, "s.jsonl", { columns })).rejects.toThrow("a link out of the folders");
    await expect(read(folder, "../x.jsonl", { columns })).rejects.toThrow("is not in the folder");
    await expect(read(folder, "p.csv", { columns: [picture("image")] })).rejects.toThrow("is not in the folder");
  });
});
