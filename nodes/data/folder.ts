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
- a table: \`captions.csv\` with a header, or \`captions.jsonl\`, with a column for the picture's path (relative to the folder) and one for its text.

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
    table: z.string().max(255).default("captions.csv").meta({ label: "Table", description: "File name of the CSV or JSONL table, within the folder." }),
    imageColumn: z.string().max(100).default("image").meta({ label: "Picture column" }),
    textColumn: z.string().max(100).default("text").meta({ label: "Text column" }),
  },
  check: ({ folder }) => (folder.trim() ? undefined : { param: "folder", message: "No folder is given.", hint: "Enter the path of a folder on the machine that runs the graph." }),
  async fingerprint({ host, params }) {
    const list = await host.listFolder(params.folder, [...pictures, ".txt", ".csv", ".jsonl"]);
    const parts = await Promise.all(list.map(async (path) => [path, await host.put(await host.readFolderFile(params.folder, path))]));
    return host.put(new TextEncoder().encode(JSON.stringify(parts)));
  },
  async run({ host, params }) {
    const read = async (path: string) => new TextDecoder().decode(await host.readFolderFile(params.folder, path));
    const rows = params.captions === "txt" ? await besideFiles(host, params.folder, read) : table(params.captions, await read(params.table), params);
    if (!rows.length) fail(`The folder “${params.folder}” holds no picture with a caption.`, "Put a .txt of the same name beside each picture, or choose the table that holds the captions.");
    const files = [];
    for (const [i, { image }] of rows.entries()) {
      files.push(await host.importImage(await host.readFolderFile(params.folder, image), image));
      host.progress(i + 1, rows.length, "pictures");
    }
    return { image: { files }, text: rows.map((r) => r.text), path: rows.map((r) => r.image) };
  },
});

async function besideFiles(host: Host, folder: string, read: (path: string) => Promise<string>): Promise<{ image: string; text: string }[]> {
  const images = await host.listFolder(folder, pictures), texts = new Set(await host.listFolder(folder, [".txt"]));
  const caption = (path: string) => path.replace(/\.[^.]+$/, ".txt"), named = images.filter((path) => texts.has(caption(path)));
  if (named.length < images.length) host.warn(`${images.length - named.length} of ${images.length} pictures have no .txt beside them and are left out.`);
  return Promise.all(named.map(async (image) => ({ image, text: (await read(caption(image))).trim() })));
}

function table(kind: "csv" | "jsonl", text: string, { table, imageColumn, textColumn }: { table: string; imageColumn: string; textColumn: string }): { image: string; text: string }[] {
  let raw: Record<string, unknown>[] = [];
  try {
    raw = kind === "csv" ? (parseCsv(text, { columns: true, bom: true, skip_empty_lines: true, trim: true }) as Record<string, string>[]) : text.split("\n").filter((l) => l.trim()).map((l) => JSON.parse(l));
  } catch (error) {
    fail(`“${table}” cannot be read as ${kind.toUpperCase()}: ${(error as Error).message.split("\n")[0]}`, "Correct the line, or choose the right kind of table.");
  }
  return raw.map((row, i) => {
    const parsed = record.safeParse({ image: row?.[imageColumn], text: row?.[textColumn] });
    if (!parsed.success) fail(`Row ${i + 1} of “${table}” has no “${row?.[imageColumn] === undefined ? imageColumn : textColumn}”; its columns are ${Object.keys(row ?? {}).join(", ")}.`, "Set the names of the columns to those of the table.");
    return { image: String(row[imageColumn]), text: String(row[textColumn]) };
  });
}
