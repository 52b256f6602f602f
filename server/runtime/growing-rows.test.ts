import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { npyHeader } from "#models/files/npy-header";
import type { Tensor } from "#nodes/core/values";
import { graph, runDocument } from "#tests/kit/graphs";
import { temporaryFolder } from "#tests/kit/run-node";
import { openBlobs } from "../storage/blobs";
import { isStoredRows, readAllRows, readRows, type StoredRows } from "./rows";

const rows = 40_000;

it("keeps long columns of a data set in blocks, and gives the rows of each", async () => {
  const dir = await temporaryFolder();
  const folder = join(dir, "set");
  await mkdir(folder);
  const lines = Array.from({ length: rows }, (_, i) => `text ${i},${i % 7},${i / 4}`);
  await writeFile(join(folder, "set.csv"), ["text,label,score", ...lines].join("\n"));
  const columns = [
    { name: "text", as: "text" },
    { name: "label", as: "integer" },
    { name: "score", as: "number" },
  ];
  const document = graph({ data: ["data.table", { folder, files: "set.csv", columns }] }, []);
  const result = await runDocument(document, dir, { folders: [folder] });
  expect(result.error).toBeUndefined();
  const blobs = openBlobs(join(dir, "blobs"));
  const stored = (port: string) => result.outputs.data?.[port]?.value;
  expect(["text", "label", "score"].map((port) => isStoredRows(stored(port)))).toEqual([true, true, true]);
  expect(JSON.stringify(result.outputs).length).toBeLessThan(rows); // what is told of it holds none of its rows
  expect(await readRows("text", stored("text"), 16_383, 16_386, blobs)).toEqual([
    "text 16383",
    "text 16384",
    "text 16385",
  ]);
  const label = (await readAllRows("tensor", stored("label"), blobs)) as Tensor;
  expect([label.shape, label.data[39_999]]).toEqual([[rows], BigInt(39_999 % 7)]);
  const score = (await readRows("tensor", stored("score"), 32_767, 32_770, blobs)) as Tensor;
  expect([...score.data]).toEqual([32_767 / 4, 32_768 / 4, 32_769 / 4]);
  const shown = result.events.find((event) => event.kind === "node-done" && event.node === "data");
  expect(shown).toMatchObject({ previews: { text: { count: rows }, label: { shape: [rows] } } });
});

it("keeps a large tensor of a file in pieces, and gives the rows of each", async () => {
  const dir = await temporaryFolder();
  const folder = join(dir, "set");
  await mkdir(folder);
  const numbers = Float32Array.from({ length: 20_000 * 256 }, (_, i) => i % 1000);
  await writeFile(
    join(folder, "e.npy"),
    Buffer.concat([npyHeader("float32", [20_000, 256]), new Uint8Array(numbers.buffer)]),
  );
  const document = graph(
    { data: ["data.tensors", { folder, files: "e.npy", columns: [{ name: "e", as: "float32", row: [256] }] }] },
    [],
  );
  const result = await runDocument(document, dir, { folders: [folder] });
  expect(result.error).toBeUndefined();
  const stored = result.outputs.data?.e?.value;
  expect(isStoredRows(stored)).toBe(true);
  const some = (await readRows("tensor", stored, 16_383, 16_386, openBlobs(join(dir, "blobs")))) as Tensor;
  expect(some.data).toEqual(numbers.slice(16_383 * 256, 16_386 * 256));
});

it("leaves bad rows out of long columns block by block, and holds few of long texts at a time", async () => {
  const dir = await temporaryFolder();
  const folder = join(dir, "set");
  await mkdir(folder);
  const isBad = (i: number) => i % 9999 === 5 || (i >= 17_000 && i < 17_003);
  const textOf = (i: number) => `text ${i} ${"and so on ".repeat(i % 60)}`.trim();
  const lines = Array.from({ length: 20_000 }, (_, i) => `${textOf(i)},${isBad(i) ? "none" : i}`);
  await writeFile(join(folder, "set.csv"), ["text,label", ...lines].join("\n"));
  const columns = [
    { name: "text", as: "text" },
    { name: "label", as: "integer" },
  ];
  const document = graph({ data: ["data.table", { folder, files: "set.csv", columns, bad: "leave out" }] }, []);
  const result = await runDocument(document, dir, { folders: [folder] });
  expect(result.error).toBeUndefined();
  const blobs = openBlobs(join(dir, "blobs"));
  const good = Array.from({ length: 20_000 }, (_, i) => i).filter((i) => !isBad(i));
  const [text, label] = ["text", "label"].map((port) => result.outputs.data?.[port]?.value as StoredRows);
  expect(isStoredRows(text)).toBe(true);
  expect(await readAllRows("text", text, blobs)).toEqual(good.map(textOf));
  expect([...((await readAllRows("tensor", label, blobs)) as Tensor).data]).toEqual(good.map(BigInt));
  // Some 6 million letters, in blocks of at most 4.
  const sizes = await Promise.all((text?.chunks ?? []).map(({ value }) => blobs.size((value as { ref: string }).ref)));
  expect(Math.max(...sizes)).toBeLessThan(2 ** 22 + 100_000);
});

it("keeps few texts in blocks where they are long", async () => {
  const dir = await temporaryFolder();
  const folder = join(dir, "set");
  await mkdir(folder);
  const textOf = (i: number) => `${i} ${"at length ".repeat(1000)}`.trim();
  const lines = Array.from({ length: 1200 }, (_, i) =>
    JSON.stringify({ text: textOf(i), ...(i % 3 && { title: "t" }) }),
  );
  await writeFile(join(folder, "set.jsonl"), lines.join("\n"));
  const columns = ["text", "title"].map((name) => ({ name, as: "text" }));
  const document = graph({ data: ["data.table", { folder, files: "set.jsonl", columns, bad: "leave out" }] }, []);
  const result = await runDocument(document, dir, { folders: [folder] });
  expect(result.error).toBeUndefined();
  const [text, title] = ["text", "title"].map((port) => result.outputs.data?.[port]?.value);
  expect([isStoredRows(text), isStoredRows(title)]).toEqual([true, false]); // 12 million letters, and 800
  const good = Array.from({ length: 1200 }, (_, i) => i).filter((i) => i % 3);
  expect(await readAllRows("text", text, openBlobs(join(dir, "blobs")))).toEqual(good.map(textOf));
});
