import * as z from "zod";
import { strategyIn } from "#models/files/conversations/mixture";
import { isTextTable } from "#models/files/open-table";
import { kinds, readConversations, wantedFiles } from "../core/conversation-rows";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const conversations = defineNode({
  type: "data.conversations",
  title: "Conversations",
  description: "Conversations about pictures: LLaVA's JSON and JSON lines, mixtures of them, and Parquet.",
  synonyms: ["instruction data", "visual instruction tuning", "SFT", "ShareGPT"],
  docs: `Reads files of a folder on the machine that runs the graph, which the operator allows with
\`PATCHBAY_FOLDERS\`. Several files are read as one, in order: \`*\` stands for letters of a name, \`**/\` for
any folders, \`{a,b}\` and \`{00000..00012}\` for several names.

| files | of |
| --- | --- |
| .json, .jsonl | LLaVA: \`id\`, \`image\` (a path or a list of paths), \`video\`, \`conversations\`, \`data_source\` |
| .parquet, .arrow | the same columns, with the pictures in them: LLaVA-OneVision-Data |
| .parquet, .arrow | \`images\` and \`texts\`: Docmatix, a row a document; its pages stand before the first question |
| .yaml | a mixture: \`datasets\`, each with its \`json_path\` and \`sampling_strategy\` |

A row gives its conversation as JSON, \`[{"from": "human", "value": "<image>\\nWhat is this?"}, …]\`, whether the file
has \`from\` and \`value\` or \`role\` and \`content\`; its pictures, any number of them; and its kind: *text*,
*single*, *several* or *video*. One leading turn that is not the human's is skipped, and a lone \`<image>\` moves to
the start of its turn, as LLaVA's own loader does. A row of text has no picture, where that loader makes up a black
one.

A strategy is \`all\`, \`first:1000\`, \`end:10%\` or \`random:5%\`, which draws by the seed and keeps the order of the
file; shares are rounded up. Paths in a mixture begin where it lies, those of pictures in the *folder of pictures*.

Nothing is copied: pictures are read where they lie when they are decoded, and a file that changes under a run is told.
Conversations are read when the node runs, and held.

Stricter than LLaVA's loader, which trains on without a word:

- A picture that cannot be read makes its row a bad one. There another record takes its place.
- A strategy that is unknown is an error. There it takes everything; so does \`end:0\` there, and here if asked for.
- As many \`<image>\` as pictures. There the last picture is repeated, or one is left over for the next row.
- Human and assistant take turns, and every turn has its speaker and its text.
- Paths of pictures stay in their folder.

A video is named by its path, and not looked for, unless *frames of a video* are asked for: they are then the pictures
of its row, for an *AnyRes tiler* whose rows are videos. *Kinds* takes some rows alone, so that pictures and videos go
ways of their own.

A bad row stops the run, which names the first ten by file and row; or they are left out and counted, which decodes
every picture beforehand. A blank line is no row. Rows count from 1.`,
  version: 1,
  inputs: {},
  outputs: {
    images: port.image({ shape: ["P", "*", "*"], packed: "N", doc: "The pictures of each row, any number." }),
    conversation: port.text({ shape: ["N"], doc: "JSON: a list of turns." }),
    kind: port.text({ shape: ["N"], doc: "text, single, several or video." }),
    id: port.text({ shape: ["N"], doc: "Empty where the file gives none." }),
    source: port.text({ shape: ["N"], doc: "What the row says of its data set, else its file." }),
    video: port.text({ shape: ["N"], doc: "The path of the row's video; else empty." }),
    row: port.text({ shape: ["N"], doc: "What the row is called: its place in its file. To *Image places*." }),
  },
  params: {
    folder: z.string().max(4096).default("").meta({ label: "Folder", placeholder: "/data/llava" }),
    files: z
      .string()
      .max(100_000)
      .default("")
      .meta({ label: "Files", widget: "textarea", placeholder: "train-*.parquet", description: "One or more a line." }),
    pictures: z.string().max(4096).default("").meta({
      label: "Folder of pictures",
      placeholder: "/data/llava/images",
      description: "Where paths of pictures begin; empty: in the folder.",
    }),
    take: z.string().max(40).default("all").meta({
      label: "Take",
      description: "Of each file: all, first:1000, end:10% or random:5%.",
    }),
    seed: z.int().min(0).max(0xffffffff).default(0).meta({ label: "Seed", widget: "seed" }),
    kinds: z
      .array(z.enum(kinds))
      .min(1)
      .max(kinds.length)
      .default([...kinds])
      .meta({
        widget: "multiselect",
        description: "The rows that are taken, by what they show.",
      }),
    frames: z.int().min(0).max(1024).default(0).meta({
      label: "Frames of a video",
      description: "At most so many, spread evenly; 0: videos are only named.",
      advanced: true,
    }),
    strategies: z.enum(["strict", "as LLaVA"]).default("strict").meta({
      description: "As LLaVA: end:0 takes everything, as its own loader has it.",
      advanced: true,
    }),
    bad: z.enum(["stop", "leave out"]).default("stop").meta({ label: "Bad rows" }),
  },
  check({ folder, files, take, strategies }) {
    const hint = "Enter the path of a folder on the machine that runs the graph.";
    if (!folder.trim()) return { param: "folder", message: "No folder is given.", hint };
    if (!files.trim()) return { param: "files", message: "No file is given.", hint: "Enter names or a pattern." };
    try {
      strategyIn(take, strategies);
    } catch (error) {
      return { param: "take", message: `${(error as Error).message}.`, hint: "Enter one of these." };
    }
    return undefined;
  },
  async fingerprint({ host, params }) {
    const wanted = await wantedFiles(host, params);
    const stamps = wanted.map(({ file: { path, size, mtimeMs }, strategy }) => [path, size, mtimeMs, strategy]);
    // Pictures that are paths lie beside the files.
    const hasPaths = params.frames > 0 || wanted.some(({ file }) => isTextTable(file.name));
    const beside = hasPaths ? await host.folderStamp(params.pictures.trim() || params.folder) : "";
    return `${JSON.stringify(stamps)} ${beside}`;
  },
  run: ({ host, params }) => readConversations(host, params),
});
