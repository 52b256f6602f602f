/** Data sets of captions, read by Data set with the columns that each format has. */
import type { Host } from "#nodes/core/host";
import type { ImageBatch, ImageFile } from "#nodes/core/values";
import { table } from "#nodes/data/table";
import { runNode } from "#tests/kit/run-node";

interface Format {
  files: string;
  /** The columns of pictures. */
  pictures: string[];
  /** The columns of texts, and what the fixtures call them. */
  texts: Record<string, string>;
  /** Columns of lists. */
  lists?: Record<string, string>;
}

const formats: Record<string, Format> = {
  "albef-json": { files: "pretrain.json", pictures: ["image"], texts: {}, lists: { caption: "captions" } },
  "vilt-arrow": {
    files: "*.arrow",
    pictures: ["image"],
    texts: { image_id: "image_id", split: "split" },
    lists: { caption: "captions" },
  },
  "nlvr2-arrow": {
    files: "*.arrow",
    pictures: ["image_0", "image_1"],
    texts: { identifier: "identifier" },
    lists: { questions: "questions", answers: "answers" },
  },
  webdataset: { files: "*.tar*", pictures: ["image"], texts: { key: "key", txt: "captions" } },
  "openclip-csv": { files: "*.csv", pictures: ["filepath"], texts: { title: "captions" } },
};

export const captionFormats = new Set(Object.keys(formats));

/** The files that are read: those that are known to give the same rows one by one. */
export function filesIn(
  folder: string,
  { format, files }: { format: string; files?: Record<string, unknown> },
): string[] {
  if (format === "webdataset") return [formats.webdataset?.files ?? ""];
  if (files) return Object.keys(files);
  if (captionFormats.has(format)) return [formats[format]?.files ?? ""];
  if (format === "llava-mixture") return ["*.yaml"];
  if (format === "docmatix-parquet") return ["data/*.parquet"];
  return [format.includes("parquet") ? "*.parquet" : folder.includes("jsonl") ? "*.jsonl" : "data.json"];
}

export async function readCaptions(host: Host, format: string, params: object) {
  const { pictures, texts, lists = {} } = formats[format] as Format;
  const columns = [
    ...pictures.map((name) => ({ name, as: "picture" })),
    ...Object.keys(texts).map((name) => ({ name, as: "text" })),
    ...Object.keys(lists).map((name) => ({ name, as: "json" })),
  ];
  const read = (await runNode(table, {}, { columns, ...params }, host)) as Record<string, unknown>;
  const batches = pictures.map((name) => (read[name] as { files: ImageFile[] }).files);
  const count = batches[0]?.length ?? 0;
  const rows = Array.from({ length: count }, (_, i) => ({
    ...Object.fromEntries(
      Object.entries(texts).map(([from, to]) => [to, valueOf(to, (read[from] as string[])[i] ?? "")]),
    ),
    ...Object.fromEntries(
      Object.entries(lists).map(([from, to]) => [to, [JSON.parse((read[from] as string[])[i] ?? "null")].flat()]),
    ),
  }));
  const images: ImageBatch = {
    files: Array.from({ length: count }, (_, i) => batches.flatMap((files) => files[i] ?? [])).flat(),
    counts: Array.from({ length: count }, () => pictures.length),
  };
  return { rows: rows as Record<string, unknown>[], images };
}

/** A row has several captions in some formats, and one in others. */
const valueOf = (name: string, text: string): unknown => (name === "captions" ? [text] : text);
