import { text as textOf } from "node:stream/consumers";
import { expect, it } from "vitest";
import { temporaryFolder } from "#tests/kit/run-node";
import type { Db } from "../db";
import { openBlobs } from "../storage/blobs";
import { openTextFile, type TextFormat } from "./text-file";

const texts = ["=1+1", 'a "b"\nc', "ü,😀"];

async function written(value: unknown, format: TextFormat, blobs = openBlobs("/nowhere")): Promise<string | undefined> {
  const result = { outputs: { ask: { answer: { type: "text", value }, logits: { type: "tensor", value } } } };
  const db = { run: { findUnique: async () => ({ result }) } } as unknown as Db;
  const file = await openTextFile(db, blobs, { run: "r", node: "ask", port: "answer", format });
  return file && textOf(file.stream);
}

it("Texts of a run are written as JSON lines, as CSV that no spreadsheet computes, or one a line", async () => {
  const lines = (await written(texts, "jsonl"))?.trimEnd().split("\n") ?? [];
  expect(lines.map((line) => JSON.parse(line))).toEqual(texts.map((text, row) => ({ row, text })));
  expect(await written(texts, "csv")).toBe(`row,text\r\n0,"'=1+1"\r\n1,"a ""b""\nc"\r\n2,"ü,😀"\r\n`);
  expect(await written(texts, "txt")).toBe('=1+1\na "b" c\nü,😀\n');
});

it("Texts that lie in chunks are read one behind the other, and are nothing where a chunk is gone", async () => {
  const blobs = openBlobs(await temporaryFolder());
  const ref = await blobs.put(new TextEncoder().encode(JSON.stringify(texts.slice(0, 2))));
  const chunks = [
    { rows: 2, value: { list: "texts", ref } },
    { rows: 1, value: texts.slice(2) },
  ];
  expect(await written({ rows: 3, chunks }, "csv", blobs)).toBe(await written(texts, "csv"));
  const gone = [{ rows: 2, value: { list: "texts", ref: "0".repeat(64) } }];
  expect(await written({ rows: 2, chunks: gone }, "csv", blobs)).toBeUndefined();
});
