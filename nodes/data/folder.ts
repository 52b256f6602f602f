import { parse as parseCsv } from "csv-parse/browser/esm/sync";
import * as z from "zod";
import type { Host } from "../core/host";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

const pictures = [".png", ".jpg", ".jpeg", ".webp", ".gif", ".avif", ".tif", ".tiff", ".svg"];
const record = z.looseObject({ image: z.string().min(1), text: z.string() });

const fail = (message: string, hint: string): never => {
  throw Object.assign(new Error(message), { hint });
};

export const folder = defineNode({
  type: "data.folder",
  title: "Folder with captions",
  description: "Your own pictures and captions: one .txt beside each picture, or a CSV or JSONL table.",
  docs: `Reads a folder on the machine that runs the graph. Captions come from

- \`.txt\` files: \`cat.jpg\` and \`cat.txt\`; a picture without one is left out with a warning,
- a table: \`captions.csv\` with a header, or \`captions.jsonl\`, with a column for the picture's path (relative to the
  folder) and one for its text.

The operator allows folders with \`PATCHBAY_FOLDERS\`. Paths that leave the folder are refused.`,
  version: 1,
  inputs: {},
  outputs: {
    image: port.image({ shape: ["N", "*", "*"] }),
    text: port.text({ shape: ["N"], doc: "The caption of each picture." }),
    path: port.text({ shape: ["N"], doc: "Where each picture lies in the folder." }),
  },
  params: {
    folder: z.string().max(4096).default("").meta({ label: "Folder", placeholder: "/data/pictures" }),
    captions: z.enum(["txt", "csv", "jsonl"]).default("txt").meta({ label: "Captions from" }),
    table: z
      .string()
      .max(255)
      .default("captions.csv")
      .meta({ label: "Table", description: "File name of the CSV or JSONL table, within the folder." }),
    imageColumn: z.string().max(100).default("image").meta({ label: "Picture column" }),
    textColumn: z.string().max(100).default("text").meta({ label: "Text column" }),
  },
  check: ({ folder }) =>
    folder.trim()
      ? undefined
      : {
          param: "folder",
          message: "No folder is given.",
          hint: "Enter the path of a folder on the machine that runs the graph.",
        },
  fingerprint: ({ host, params }) => host.folderStamp(params.folder, [...pictures, ".txt", ".csv", ".jsonl"]),
  async run({ host, params }) {
    const read = async (path: string) => decode(await host.readFolderFile(params.folder, path), path);
    const all =
      params.captions === "txt"
        ? await besideFiles(host, params.folder, read)
        : table(params.captions, await read(params.table), params);
    const rows = all.filter((row) => row.text);
    if (!rows.length)
      fail(
        `${params.captions === "txt" ? `The folder “${params.folder}”` : `“${params.table}”`} holds no picture with a caption.`,
        "Put a .txt of the same name beside each picture, or choose the table that holds the captions.",
      );
    if (rows.length < all.length)
      host.warn(`${all.length - rows.length} of ${all.length} captions are empty; their pictures are left out.`);
    const files = [];
    for (const [i, { image, where }] of rows.entries()) {
      const bytes = await host
        .readFolderFile(params.folder, image)
        .catch((error: Error) =>
          fail(
            `${where}${error.message}`,
            "Paths are relative to the folder, and stay inside of it. Correct the path, or put the picture there.",
          ),
        );
      files.push(await host.importImage(bytes, image));
      host.progress(i + 1, rows.length, "pictures");
    }
    return { image: { files }, text: rows.map((r) => r.text), path: rows.map((r) => r.image) };
  },
});

interface Row {
  image: string;
  text: string;
  /** Begins a message about the picture. */
  where: string;
}

async function besideFiles(host: Host, folder: string, read: (path: string) => Promise<string>): Promise<Row[]> {
  const stem = (path: string) => path.replace(/\.[^./]*$/, "");
  const images = await host.listFolder(folder, pictures);
  const texts = new Map((await host.listFolder(folder, [".txt"])).map((path) => [stem(path), path]));
  const rows: Row[] = [];
  for (const image of images) {
    const caption = texts.get(stem(image));
    if (caption !== undefined) rows.push({ image, text: (await read(caption)).trim(), where: "" });
  }
  if (rows.length < images.length)
    host.warn(`${images.length - rows.length} of ${images.length} pictures have no .txt beside them and are left out.`);
  return rows;
}

function table(
  kind: "csv" | "jsonl",
  text: string,
  { table, imageColumn, textColumn }: { table: string; imageColumn: string; textColumn: string },
): Row[] {
  let raw: Record<string, unknown>[] = [];
  try {
    raw =
      kind === "csv"
        ? (parseCsv(text, {
            columns: true,
            skip_empty_lines: true,
            trim: true,
            relax_quotes: true,
            delimiter: delimiterOf(text, imageColumn),
          }) as Record<string, string>[])
        : jsonLines(text);
  } catch (error) {
    fail(
      `“${table}” cannot be read as ${kind.toUpperCase()}: ${(error as Error).message.split("\n")[0]?.replace(/ \(line \d+ column \d+\)/, "")}`,
      "Correct the line, or choose the right kind of table.",
    );
  }
  return raw.map((row, i) => {
    const parsed = record.safeParse({ image: row?.[imageColumn], text: row?.[textColumn] });
    if (!parsed.success) {
      const column = parsed.error.issues[0]?.path[0] === "image" ? imageColumn : textColumn;
      fail(
        `Row ${i + 1} of “${table}” has no ${row?.[column] === undefined ? "" : "text in "}“${column}”; its columns are ${Object.keys(row ?? {}).join(", ") || "none"}.`,
        "Set the names of the columns to those of the table.",
      );
    }
    return {
      image: String(row[imageColumn]).replaceAll("\\", "/"),
      text: String(row[textColumn]).trim(),
      where: `Row ${i + 1} of “${table}”: `,
    };
  });
}

const jsonLines = (text: string): Record<string, unknown>[] =>
  text.split("\n").flatMap((line, i) => {
    try {
      return line.trim() ? [JSON.parse(line)] : [];
    } catch (error) {
      throw new Error(`${(error as Error).message} on line ${i + 1}`);
    }
  });

/**
 * Spreadsheets separate columns by commas, semicolons or tabs, as their country has it: the one with which the
 * header names the column.
 */
const delimiterOf = (text: string, column: string): string =>
  [",", ";", "\t"].find((delimiter) =>
    text
      .split(/\r?\n/, 1)[0]
      ?.split(delimiter)
      .some((name) => name.trim().replace(/^"(.*)"$/, "$1") === column),
  ) ?? ",";

/**
 * Text of a file: UTF-8, or UTF-16 with a byte-order mark. Guessing anything else would put wrong letters into
 * captions unnoticed.
 */
function decode(bytes: Uint8Array, path: string): string {
  const encoding =
    bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : "utf-8";
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return fail(`“${path}” is no UTF-8 text.`, "Save it as UTF-8.");
  }
}
