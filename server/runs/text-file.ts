import { Readable } from "node:stream";
import type { Db } from "../db";
import type { Blobs } from "../storage/blobs";
import { isStoredRows } from "../storage/stored-rows";
import type { RunResult } from "./read";

/** As JSON lines and CSV texts stay what they are, each with its row from 0; as plain text a line holds one. */
export const textFormats = ["jsonl", "csv", "txt"] as const;
export type TextFormat = (typeof textFormats)[number];

const writers: Record<TextFormat, { head: string; line(text: string, row: number): string }> = {
  jsonl: { head: "", line: (text, row) => `${JSON.stringify({ row, text })}\n` },
  csv: { head: "row,text\r\n", line: (text, row) => `${row},${csvCell(text)}\r\n` },
  txt: { head: "", line: (text) => `${text.replace(/\s*[\r\n]+\s*/g, " ")}\n` },
};

/** Texts that a run gave, as a file that is written while it is sent; nothing where there are none. */
export async function openTextFile(
  db: Db,
  blobs: Blobs,
  { run, node, port, format }: { run: string; node: string; port: string; format: TextFormat },
): Promise<{ name: string; stream: Readable } | undefined> {
  const found = await db.run.findUnique({ where: { id: run }, select: { result: true } });
  const { type, value } = (found?.result as unknown as RunResult | null)?.outputs[node]?.[port] ?? {};
  if (type !== "text") return undefined;
  const chunks = isStoredRows(value) ? value.chunks.map((chunk) => chunk.value) : [value];
  const refs = chunks.flatMap((chunk) => (isListed(chunk) ? [chunk.ref] : []));
  const there = await Promise.all(refs.map((ref) => blobs.has(ref)));
  if (there.includes(false)) return undefined;
  return { name: `${node}.${port}.${format}`, stream: Readable.from(linesOf(chunks, blobs, format)) };
}

/** Chunk by chunk, so that no more than one of them is held. */
async function* linesOf(chunks: readonly unknown[], blobs: Blobs, format: TextFormat): AsyncGenerator<Buffer> {
  const { head, line } = writers[format];
  let row = 0;
  if (head) yield Buffer.from(head);
  for (const chunk of chunks) {
    const lines = (await textsOf(chunk, blobs)).map((text) => line(text, row++));
    yield Buffer.from(lines.join(""));
  }
}

/** The texts of an output as it is stored; of one in chunks, of one of them. */
export async function textsOf(stored: unknown, blobs: Blobs): Promise<string[]> {
  return isListed(stored) ? JSON.parse(new TextDecoder().decode(await blobs.get(stored.ref))) : (stored as string[]);
}

/** A chunk that lies in a blob of its own, as JSON. */
const isListed = (chunk: unknown): chunk is { ref: string } =>
  typeof chunk === "object" && chunk !== null && "list" in chunk && "ref" in chunk;

/** A cell that no spreadsheet computes: what would begin a formula there has an apostrophe before it. */
function csvCell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
}
