import * as z from "zod";
import { readCsv, readJsonLines, type Table } from "#models/files/table";
import { cleanText, decodeText } from "#models/files/text";
import type { Host } from "../core/host";
import { defineNode } from "../core/node";
import { damagedParam, endingOf, picturesIn, readPictures, type WantedPicture, warnOfUnread } from "../core/pictures";
import { port } from "../core/ports";
import { counted, namesOf, sameForm } from "../core/wording";

/** When a parameter means something, by another. */
const fromTable = { captions: ["csv", "jsonl"] };

export const folder = defineNode({
  type: "data.folder",
  title: "Folder with captions",
  description: "Your own pictures and captions: one .txt beside each picture, or a CSV or JSONL table.",
  synonyms: ["ImageFolder", "image-text dataset", "COCO captions"],
  docs: `Reads a folder on the machine that runs the graph. Captions come from

- text files beside the pictures: for \`cat.jpg\` the first there is of \`cat.jpg.txt\`, \`cat.txt\`,
  \`cat.jpg.caption\` and \`cat.caption\`; a picture without one is left out with a warning,
- a table: \`captions.csv\` with a header, or \`captions.jsonl\` (or one JSON list), with a column for the picture's
  path (relative to the folder) and one for its text. Columns are separated by commas, semicolons, tabs or bars.
  Numbers are texts; an empty caption, or null, leaves its picture out with a warning.

Texts and tables are UTF-8 or UTF-16. Names find each other in either Unicode form of their letters. ${readPictures}
A picture is known by its content where its ending does not say so. What is left out is told. Pictures stay where they
are: they are read when they are decoded, so that one that was changed or removed meanwhile stops the run.

The operator allows folders with \`PATCHBAY_FOLDERS\`. Links are followed to where data may be read from; paths that
leave the folder are refused.`,
  version: 2, // since 2, links are followed, and pictures known by their content
  inputs: {},
  outputs: {
    image: port.image({ shape: ["N", "*", "*"] }),
    text: port.text({ shape: ["N"], doc: "The caption of each picture." }),
    path: port.text({ shape: ["N"], doc: "Where each picture lies in the folder." }),
  },
  params: {
    folder: z.string().max(4096).default("").meta({ label: "Folder", placeholder: "/data/pictures" }),
    captions: z.enum(["txt", "csv", "jsonl"]).default("txt").meta({ label: "Captions from" }),
    table: z.string().max(255).default("captions.csv").meta({
      label: "Table",
      description: "File name of the CSV or JSONL table, within the folder.",
      when: fromTable,
    }),
    imageColumn: z.string().max(100).default("image").meta({ label: "Picture column", when: fromTable }),
    textColumn: z.string().max(100).default("text").meta({ label: "Text column", when: fromTable }),
    damaged: damagedParam,
  },
  check: ({ folder }) =>
    folder.trim()
      ? undefined
      : {
          param: "folder",
          message: "No folder is given.",
          hint: "Enter the path of a folder on the machine that runs the graph.",
        },
  fingerprint: ({ host, params }) => host.folderStamp(params.folder),
  async run({ host, params }) {
    const all = params.captions === "txt" ? await besidePictures(host, params.folder) : await inTable(host, params);
    const captioned = all.filter((row) => row.text);
    if (captioned.length && captioned.length < all.length)
      host.warn(`${all.length - captioned.length} of ${all.length} captions are empty; their pictures are left out.`);
    const files = await picturesIn(host, params.folder, captioned, params.damaged);
    const rows = captioned.filter((_, i) => files[i]);
    if (!rows.length) throw nothingFound(params, all.length > 0);
    return {
      image: { files: files.filter((file) => file !== undefined) },
      text: rows.map((row) => row.text),
      path: rows.map((row) => row.path),
    };
  },
});

interface FolderParams {
  folder: string;
  captions: "txt" | "csv" | "jsonl";
  table: string;
  imageColumn: string;
  textColumn: string;
}

interface Row extends WantedPicture {
  text: string;
}

const failure = (message: string, hint: string): Error => Object.assign(new Error(message), { hint });

function nothingFound({ captions, folder, table }: FolderParams, onlyUnusable: boolean): Error {
  const place = captions === "txt" ? `The folder “${folder}”` : `“${table}”`;
  return failure(
    `${place} holds no picture with a caption.`,
    onlyUnusable
      ? "There are captions, but they are empty, or their pictures damaged. Write captions, or repair the pictures."
      : "Put a .txt of the same name beside each picture, or choose the table that holds the captions.",
  );
}

async function textOf(host: Host, folder: string, path: string): Promise<string> {
  const bytes = await host.readFolderFile(folder, path);
  try {
    return cleanText(decodeText(bytes));
  } catch {
    throw failure(`“${path}” is no UTF-8 text.`, "Save it as UTF-8.");
  }
}

const captionEndings = [".txt", ".caption"];

/** Pictures that have a caption beside them; warns of those that have none or several, and of captions without one. */
async function besidePictures(host: Host, folder: string): Promise<Row[]> {
  const { pictures, others } = await host.listFolder(folder);
  warnOfUnread(host, others);
  const captions = captionsByName(others);
  const unused = new Set(captions.values());
  const several: string[] = [];
  const rows: Row[] = [];
  for (const image of pictures) {
    const found = captionNames(image).flatMap((name) => captions.get(name) ?? []);
    for (const path of found) unused.delete(path);
    if (found.length > 1) several.push(image);
    if (found[0] !== undefined) rows.push({ path: image, text: (await textOf(host, folder, found[0])).trim() });
  }
  if (rows.length < pictures.length)
    host.warn(
      `${pictures.length - rows.length} of ${pictures.length} pictures have no .txt beside them and are left out.`,
    );
  if (several.length) {
    const subject = counted(several.length, "picture has", "pictures have");
    const names = namesOf(several, 5);
    host.warn(`${subject} several captions, of which one is read (.txt before .caption): ${names}.`);
  }
  if (unused.size) {
    const subject = counted(unused.size, "caption has no picture beside it", "captions have no picture beside them");
    host.warn(`${subject}: ${namesOf([...unused], 5)}.`);
  }
  return rows;
}

/** Text files by their path in one Unicode form, with the ending in small letters. */
function captionsByName(others: readonly string[]): Map<string, string> {
  const texts = others.filter((path) => captionEndings.includes(endingOf(path)));
  return new Map(texts.map((path) => [sameForm(stemOf(path)) + endingOf(path), path]));
}

/** What the caption of a picture may be called, best first. */
const captionNames = (image: string): string[] => {
  const path = sameForm(image);
  return captionEndings.flatMap((ending) => [...new Set([path + ending, stemOf(path) + ending])]);
};

const stemOf = (path: string): string => path.slice(0, path.length - endingOf(path).length);

async function inTable(host: Host, params: FolderParams): Promise<Row[]> {
  const { records, repeated } = parsedTable(await textOf(host, params.folder, params.table), params);
  const asked = [params.imageColumn, params.textColumn].map(sameForm);
  for (const { name, columns } of repeated.filter((one) => asked.includes(one.name)))
    host.warn(
      `“${params.table}” has ${columns.length} columns named “${name}”: the first is read. The others can be had as \
${namesOf(columns.slice(1).map((column) => `“${column}”`))}.`,
    );
  return records.map((record, i) => {
    const image = cell(record, params.imageColumn);
    const text = cell(record, params.textColumn);
    if (!image) throw missingCell(record, params.imageColumn, i, params.table);
    if (text === undefined) throw missingCell(record, params.textColumn, i, params.table);
    return {
      path: image.replaceAll("\\", "/"),
      text: cleanText(text).trim(), // JSON may hold halves of letters
      where: `Row ${i + 1} of “${params.table}”: `,
    };
  });
}

function parsedTable(text: string, { captions, table, imageColumn }: FolderParams): Table {
  try {
    return captions === "csv" ? readCsv(text, imageColumn) : readJsonLines(text);
  } catch (error) {
    const reason = (error as Error).message.split("\n")[0]?.replace(/ \(line \d+ column \d+\)/, "");
    throw failure(
      `“${table}” cannot be read as ${captions.toUpperCase()}: ${reason}`,
      "Correct the line, or choose the right kind of table.",
    );
  }
}

/** A cell as text, as a CSV would have it: null is empty. Nothing where there is no such cell, or it holds a list. */
function cell(record: Record<string, unknown> | null, column: string): string | undefined {
  const value = valueIn(record, column);
  if (value === null) return "";
  return value === undefined || typeof value === "object" ? undefined : String(value);
}

function valueIn(record: Record<string, unknown> | null, column: string): unknown {
  const name = Object.keys(record ?? {}).find((candidate) => sameForm(candidate) === sameForm(column));
  return name === undefined ? undefined : record?.[name];
}

function missingCell(record: Record<string, unknown> | null, column: string, i: number, table: string): Error {
  const isThere = valueIn(record, column) !== undefined;
  const columns = Object.keys(record ?? {}).join(", ") || "none";
  return failure(
    `Row ${i + 1} of “${table}” has no ${isThere ? "text in " : ""}“${column}”; its columns are ${columns}.`,
    "Set the names of the columns to those of the table.",
  );
}
