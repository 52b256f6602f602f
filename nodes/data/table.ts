import * as z from "zod";
import { captionRules } from "#models/files/captions";
import { comparisons } from "#models/files/choose-rows";
import { isTextTable, tableFormats } from "#models/files/open-table";
import { portNames } from "#models/onnx/import/signature";
import { readDataSet, type WantedColumn } from "../core/data-set";
import { defineNode } from "../core/node";
import { type Port, type Ports, port } from "../core/ports";

const column = z.object({
  name: z.string().max(200),
  as: z.enum(["picture", "text", "number", "integer", "json"]).default("text").meta({ label: "Read as" }),
  size: z.int().min(1).max(1_000_000).optional().meta({ label: "Numbers in a row" }),
});
const filter = z.object({
  column: z.string().max(200).default(""),
  is: z.enum(comparisons).default("is"),
  value: z.string().max(10_000).default(""),
});

/** When parameters mean something, by others. */
const limited = { take: ["first", "random"] };
const drawn = { take: ["random"] };
const cleaned = { cleaning: [...captionRules] };

export const table = defineNode({
  type: "data.table",
  title: "Data set",
  description: "Columns of a data set in one or many files: Parquet, WebDataset, Arrow, CSV or JSON.",
  synonyms: ["load_dataset", "DataFrame", "JSONL", "TSV", "img2dataset", "LAION"],
  docs: `Reads files of a folder on the machine that runs the graph, which the operator allows with
\`PATCHBAY_FOLDERS\`: ${tableFormats}. Several files are read as one, in order: \`*\` stands for letters
of a name, \`**/\` for any folders, \`{a,b}\` and \`{00000..00012}\` for several names.

*Read the columns* looks into the first file and makes a port of each column; what is not needed is removed.

| read as | gives |
| --- | --- |
| picture | their bytes, a struct with \`bytes\`, a member of a tar, or a path from the folder; of a list the first |
| text | texts; numbers as they are written, of a list the first |
| json | nested values, such as conversations, as JSON |
| number, integer | float32 or int64 [N], or [N, K] where a row has K numbers |

Of a tar, \`image\` is a sample's picture of whatever format, and every other member goes by its ending.

Nothing is copied: pictures are read where they lie when they are decoded. Opening reads what files say of themselves;
of CSV, JSON and tar an index of where rows begin is made once and kept until the file changes. Texts and numbers of the
chosen rows are read, and kept block by block where there are many. A .json file is one list.

Rows that fit all of *Only where* are counted; of these all are taken, the first, or some at random by the seed, in the
order of the files. A bad row has no value in a column, or none of its kind, or a picture that is damaged: the run stops
and names the first ten by file and row, or they are left out and counted, which decodes every picture beforehand.
Of a file that breaks off, what lies before is then still read. Rows count from 1.

*Clean captions* writes texts in small letters, without marks, cut to a number of words: ALBEF's \`pre_caption\` drops
\`, . ' ! ? " ( ) * # : ; ~\` and makes spaces of hyphens and slashes, BLIP's makes spaces of
\`. ! " ( ) * # : ; ~\`. Of lists, read as json, each caption is cleaned.
A caption of which nothing is left is a bad row.`,
  version: 1,
  inputs: {},
  outputs: {},
  params: {
    folder: z.string().max(4096).default("").meta({ label: "Folder", placeholder: "/data/set" }),
    files: z
      .string()
      .max(100_000)
      .default("")
      .meta({ label: "Files", widget: "textarea", placeholder: "train-*.parquet", description: "One or more a line." }),
    columns: z.array(column).max(200).default([]).meta({ label: "Columns", widget: "columns" }),
    where: z.array(filter).max(20).default([]).meta({ label: "Only where" }),
    take: z.enum(["all", "first", "random"]).default("all").meta({ label: "Take" }),
    amount: z.number().min(0).default(1000).meta({ label: "How many", when: limited }),
    unit: z.enum(["rows", "percent"]).default("rows").meta({ label: "Counted in", when: limited }),
    seed: z.int().min(0).max(0xffffffff).default(0).meta({ label: "Seed", widget: "seed", when: drawn }),
    bad: z.enum(["stop", "leave out"]).default("stop").meta({ label: "Bad rows" }),
    cleaning: z
      .enum(["none", ...captionRules])
      .default("none")
      .meta({
        label: "Clean captions",
        description: "As the official code of these models does before it tokenizes them.",
        advanced: true,
      }),
    captions: z.string().max(10_000).default("caption").meta({
      label: "Columns of captions",
      description: "One or more names, a comma between.",
      when: cleaned,
      advanced: true,
    }),
    words: z
      .int()
      .min(1)
      .max(10_000)
      .default(30)
      .meta({ label: "At most", unit: "words", when: cleaned, advanced: true }),
  },
  ports: ({ columns }) => ({ outputs: portsOf(columns) }),
  check({ folder, files, columns, take, amount, unit, cleaning, captions }) {
    if (!folder.trim())
      return {
        param: "folder",
        message: "No folder is given.",
        hint: "Enter the path of a folder on the machine that runs the graph.",
      };
    if (!files.trim()) return { param: "files", message: "No file is given.", hint: "Enter names or a pattern." };
    if (!columns.length)
      return { param: "columns", message: "No column is chosen.", hint: "Read the columns of the file." };
    const twice = columns.find(({ name }, i) => columns.findIndex((other) => other.name === name) < i);
    if (twice)
      return {
        param: "columns",
        message: `“${twice.name}” is chosen twice.`,
        hint: "Remove one, or name another column.",
      };
    const missing = cleaning === "none" ? undefined : missingColumn(captions, columns);
    if (missing !== undefined)
      return {
        param: "captions",
        message: `No column “${missing}” is read as text or json.`,
        hint: "Name the columns whose captions are to be cleaned.",
      };
    if (take !== "all" && unit === "percent" && amount > 100)
      return { param: "amount", message: "More than 100 % cannot be taken.", hint: "Give a share of 0 to 100." };
    return undefined;
  },
  async fingerprint({ host, params }) {
    const files = await host.findFiles(params.folder, params.files);
    const stamps = JSON.stringify(files.map(({ path, size, mtimeMs }) => [path, size, mtimeMs]));
    // Pictures that are paths lie beside the table.
    const hasPaths = files.some(({ name }) => isTextTable(name)) && params.columns.some(({ as }) => as === "picture");
    return hasPaths ? `${stamps} ${await host.folderStamp(params.folder)}` : stamps;
  },
  async run({ host, params }) {
    const values = await readDataSet(host, params);
    const names = [...portNames(params.columns).values()];
    return Object.fromEntries(names.map((name, i) => [name, values[i]]));
  },
});

/** The first of some columns of captions that no column of texts is. */
function missingColumn(captions: string, columns: readonly WantedColumn[]): string | undefined {
  const texts = columns.filter(({ as }) => as === "text" || as === "json").map(({ name }) => name);
  return captions
    .split(",")
    .map((name) => name.trim())
    .find((name) => !texts.includes(name));
}

function portsOf(columns: readonly WantedColumn[]): Ports {
  const names = portNames(columns);
  return Object.fromEntries(columns.map((wanted) => [names.get(wanted.name) ?? wanted.name, portOf(wanted)]));
}

function portOf({ as, name, size }: WantedColumn): Port {
  const doc = `The column “${name}”.`;
  if (as === "picture") return port.image({ shape: ["N", "*", "*"], doc });
  if (as === "text" || as === "json") return port.text({ shape: ["N"], doc });
  const dtype = as === "integer" ? "int64" : "float32";
  return port.tensor({ dtype, shape: size === undefined ? ["N"] : ["N", size], doc });
}
