/** The data sets that `bench:open` opens: small pictures with captions, in the formats in which others share theirs. */
import { createWriteStream } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { parquetWriteFile } from "hyparquet-writer";
import sharp from "sharp";
import { tarEntry } from "#tests/kit/tar";

export const setNames = ["parquet", "jsonl", "tar", "conversations"] as const;
export type SetName = (typeof setNames)[number];

const shards = 10;
const text = (name: string) => ({ name, as: "text" });
const image = { name: "image", as: "picture" };
const label = { name: "label", as: "integer" };

interface OpenedSet {
  rows: number;
  files: string;
  /** The node that reads it, with what it asks for besides, and its output with the pictures. */
  node: string;
  params: object;
  pictures: string;
}
const asTable = (columns: readonly object[]) => ({ node: "data.table", params: { columns }, pictures: "image" });

export const sets: Record<SetName, OpenedSet> = {
  parquet: { rows: 1_000_000, files: "train-*.parquet", ...asTable([image, text("caption"), label]) },
  jsonl: { rows: 1_000_000, files: "train.jsonl", ...asTable([image, text("caption"), label]) },
  tar: { rows: 100_000, files: "{00000..00009}.tar", ...asTable([image, text("txt")]) },
  conversations: {
    rows: 100_000,
    files: "train-*.parquet",
    node: "data.conversations",
    params: {},
    pictures: "images",
  },
};

const caption = (row: number): string =>
  `picture number ${row} of a set that nobody has looked at, called ${row % 997}`;

/** Makes a set in a folder; a file "made" says that it is whole. */
export async function makeSet(name: SetName, folder: string): Promise<void> {
  const pictures = await drawnPictures(name === "jsonl" ? 1000 : 256);
  if (name === "parquet") await makeParquet(folder, pictures);
  if (name === "jsonl") await makeLines(folder, pictures);
  if (name === "tar") await makeTar(folder, pictures);
  if (name === "conversations") await makeConversations(folder, pictures);
  await writeFile(join(folder, "made"), "");
}

const drawnPictures = (count: number): Promise<Buffer[]> =>
  Promise.all(
    Array.from({ length: count }, (_, i) => {
      const background = { r: i % 256, g: (i * 7) % 256, b: (i * 31) % 256 };
      const noise = { type: "gaussian", mean: 128, sigma: 30 } as const;
      return sharp({ create: { width: 32, height: 32, channels: 3, background, noise } })
        .jpeg()
        .toBuffer();
    }),
  );

async function makeParquet(folder: string, pictures: readonly Buffer[]): Promise<void> {
  const count = sets.parquet.rows / shards;
  for (let shard = 0; shard < shards; shard++) {
    const rows = Array.from({ length: count }, (_, i) => shard * count + i);
    const bytesOf = (row: number) => new Uint8Array(withNumber(pictures[row % pictures.length] as Buffer, row));
    await parquetWriteFile({
      filename: join(folder, `train-${String(shard).padStart(5, "0")}-of-00010.parquet`),
      rowGroupSize: 10_000,
      schema: [
        { name: "root", num_children: 3 },
        { name: "image", num_children: 2, repetition_type: "OPTIONAL" },
        { name: "bytes", type: "BYTE_ARRAY", repetition_type: "OPTIONAL" },
        { name: "path", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
        { name: "caption", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
        { name: "label", type: "INT64", repetition_type: "OPTIONAL" },
      ],
      columnData: [
        { name: "image", data: rows.map((row) => ({ bytes: bytesOf(row), path: `${row}.jpg` })), offsetIndex: false },
        { name: "caption", data: rows.map(caption), offsetIndex: false },
        { name: "label", data: rows.map((row) => BigInt(row % 997)), offsetIndex: false },
      ],
    });
  }
}

/** As LLaVA-OneVision-Data has them; every tenth is text alone. */
async function makeConversations(folder: string, pictures: readonly Buffer[]): Promise<void> {
  const count = sets.conversations.rows / shards;
  const isText = (row: number) => row % 10 === 9;
  const imageOf = (row: number) =>
    isText(row)
      ? null
      : { bytes: new Uint8Array(withNumber(pictures[row % pictures.length] as Buffer, row)), path: `${row}.jpg` };
  const said = (row: number) => [
    { from: "human", value: `${isText(row) ? "" : "<image>\n"}What is to be seen in ${caption(row)}?` },
    { from: "gpt", value: `A ${caption(row)}, and much besides that. `.repeat(1 + (row % 5)) },
    { from: "human", value: "Is there more to it?" },
    { from: "gpt", value: `There is: number ${row * 7}.` },
  ];
  const textPart = { type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" } as const;
  for (let shard = 0; shard < shards; shard++) {
    const rows = Array.from({ length: count }, (_, i) => shard * count + i);
    await parquetWriteFile({
      filename: join(folder, `train-${String(shard).padStart(5, "0")}-of-00010.parquet`),
      rowGroupSize: 1000,
      schema: [
        { name: "root", num_children: 4 },
        { name: "id", ...textPart },
        { name: "image", num_children: 2, repetition_type: "OPTIONAL" },
        { name: "bytes", type: "BYTE_ARRAY", repetition_type: "OPTIONAL" },
        { name: "path", ...textPart },
        { name: "conversations", num_children: 1, repetition_type: "OPTIONAL", converted_type: "LIST" },
        { name: "list", num_children: 1, repetition_type: "REPEATED" },
        { name: "element", num_children: 2, repetition_type: "OPTIONAL" },
        { name: "from", ...textPart },
        { name: "value", ...textPart },
        { name: "data_source", ...textPart },
      ],
      columnData: [
        { name: "id", data: rows.map(String), offsetIndex: false },
        { name: "image", data: rows.map(imageOf), offsetIndex: false },
        { name: "conversations", data: rows.map(said), offsetIndex: false },
        { name: "data_source", data: rows.map((row) => `set ${row % 3}`), offsetIndex: false },
      ],
    });
  }
}

/** A JPEG with a comment, so that no two are equal and nothing is stored but once. */
function withNumber(jpeg: Buffer, number: number): Buffer {
  const comment = Buffer.from([0xff, 0xfe, 0, 6, 0, 0, 0, 0]);
  comment.writeUInt32BE(number, 4);
  return Buffer.concat([jpeg.subarray(0, 2), comment, jpeg.subarray(2)]);
}

async function makeLines(folder: string, pictures: readonly Buffer[]): Promise<void> {
  await mkdir(join(folder, "pictures"));
  await Promise.all(pictures.map((bytes, i) => writeFile(join(folder, "pictures", `${i}.jpg`), bytes)));
  const line = (row: number) => {
    const image = `pictures/${row % pictures.length}.jpg`;
    return `${JSON.stringify({ id: row, image, caption: caption(row), label: row % 997 })}\n`;
  };
  await writeAll(join(folder, "train.jsonl"), sets.jsonl.rows, (row) => [Buffer.from(line(row))]);
}

async function makeTar(folder: string, pictures: readonly Buffer[]): Promise<void> {
  const count = sets.tar.rows / shards;
  for (let shard = 0; shard < shards; shard++) {
    await writeAll(join(folder, `${String(shard).padStart(5, "0")}.tar`), count, (i) => {
      const row = shard * count + i;
      const name = String(row).padStart(8, "0");
      return [
        tarEntry(`${name}.jpg`, pictures[row % pictures.length] as Buffer),
        tarEntry(`${name}.txt`, Buffer.from(caption(row))),
      ];
    });
  }
}

/** Writes what rows are made of, some thousand at a time. */
async function writeAll(path: string, rows: number, partsOf: (row: number) => Uint8Array[]): Promise<void> {
  function* blocks() {
    for (let start = 0; start < rows; start += 2000) {
      const length = Math.min(2000, rows - start);
      yield Buffer.concat(Array.from({ length }, (_, i) => partsOf(start + i)).flat());
    }
  }
  await pipeline(Readable.from(blocks()), createWriteStream(path));
}
