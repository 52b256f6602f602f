import * as z from "zod";
import type { Beside } from "#models/onnx/import/external";
import type { Source } from "#models/onnx/import/fields";
import { type TokenizerBytes, tokenizerFileNames, tokenizerFromFiles } from "#models/files/tokenizers/from-files";
import { openTokenizer } from "#models/files/tokenizers/open";
import type { Host, HubFolder } from "../core/host";
import { hubDocs, hubParams } from "../core/hub";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import { storedFolder } from "../core/stored-file";

const upload = storedFolder("tokenizer.json", 20);

interface Choice {
  source: "shipped" | "upload" | "folder" | "hub";
  shipped: string;
  file?: z.output<typeof upload>;
  folder: string;
  model: string;
  revision: string;
  token?: string;
}

/** When parameters mean something, by others. */
const shippedOnly = { source: ["shipped"] };
const uploadedOnly = { source: ["upload"] };
const folderOnly = { source: ["folder"] };

export const loadTokenizer = defineNode({
  type: "text.load-tokenizer",
  title: "Load tokenizer",
  description: "The tokenizer of a Hugging Face model: shipped, uploaded, or from the model's folder.",
  synonyms: ["AutoTokenizer", "from_pretrained", "BPE", "vocab", "SentencePiece"],
  docs: `Reads every \`tokenizer.json\`: byte-level BPE, WordPiece, Unigram, with added tokens, normalizers and
post-processors; and what older models have instead, \`vocab.json\` with \`merges.txt\`, or \`vocab.txt\`. A
SentencePiece model must be converted first (\`AutoTokenizer.from_pretrained(…).save_pretrained(…)\` does it).

What lies beside it belongs to it where it is chosen together: \`tokenizer_config.json\` (names the special tokens),
\`chat_template.jinja\`. Upload several files, their folder or a .zip. A *folder* of the machine that runs the graph
must be one that the operator allows with \`PATCHBAY_FOLDERS\`. At most 64 MiB a file. Patterns that repeat what
repeats, and could take endless time, are refused.

${hubDocs}`,
  version: 1,
  inputs: {},
  outputs: { tokenizer: port.tokenizer() },
  params: {
    source: z.enum(["shipped", "upload", "folder", "hub"]).default("shipped").meta({ label: "From" }),
    shipped: z
      .string()
      .regex(/^[\w-]+$/, "a name of letters, digits, - and _")
      .default("clip-emoji")
      .meta({ label: "Checkpoint", when: shippedOnly }),
    file: upload.optional().meta({ label: "tokenizer.json", widget: "upload", when: uploadedOnly }),
    folder: z.string().max(4096).default("").meta({
      label: "Folder",
      placeholder: "/data/models/clip",
      when: folderOnly,
    }),
    ...hubParams,
  },
  inspect: { file: { ending: ["tokenizer.json", "vocab.json", "vocab.txt"], read: inspectTokenizer } },
  check({ source, file, folder, model }) {
    const hint = "Upload a tokenizer.json, name a model's folder, or take the shipped tokenizer.";
    if (source === "upload" && !file) return { param: "file", message: "No tokenizer.json is chosen.", hint };
    if (source === "folder" && !folder.trim()) return { param: "folder", message: "No folder is given.", hint };
    if (source === "hub" && !model.trim()) return { param: "model", message: "No model is named.", hint };
    return undefined;
  },
  async fingerprint({ host, params }) {
    if (params.source === "hub") return (await hubFolderOf(host, params)).commit;
    return params.source === "folder" ? host.folderStamp(params.folder) : "";
  },
  async run({ host, params }) {
    const tokenizer = tokenizerFromFiles(await filesFor(host, params));
    openTokenizer(tokenizer); // refuses what cannot be used, here rather than where it is used
    return { tokenizer };
  },
});

/** The files that belong to it, among those beside it. */
async function inspectTokenizer(_source: Source, beside: Beside): Promise<{ files: string[] }> {
  const there = await Promise.all(tokenizerFileNames.map(async (name) => ((await beside(name)) ? [name] : [])));
  return { files: there.flat() };
}

async function filesFor(host: Host, choice: Choice): Promise<TokenizerBytes> {
  const { source, shipped, file, folder } = choice;
  if (source === "shipped")
    return { "tokenizer.json": await host.packageFile("patchbay", `${shipped}.tokenizer.json`) };
  if (source === "folder") return folderFiles(host, folder);
  if (source === "hub") return folderFiles(host, (await hubFolderOf(host, choice)).folder);
  const known = tokenizerFileNames.find((name) => name === file?.name) ?? "tokenizer.json";
  const chosen = [{ path: known, ref: file?.ref ?? "" }, ...(file?.files ?? [])];
  const read = chosen.map(async ({ path, ref }) => [path, await host.get(ref)] as const);
  return Object.fromEntries(await Promise.all(read));
}

function hubFolderOf(host: Host, { model, revision, token }: Choice): Promise<HubFolder> {
  return host.hubFolder(model.trim(), revision, "tokenizer", token);
}

async function folderFiles(host: Host, folder: string): Promise<TokenizerBytes> {
  const found = await host.folderFiles(folder, tokenizerFileNames);
  const there = tokenizerFileNames.filter((_, i) => !(found[i] instanceof Error));
  const read = there.map(async (name) => [name, await host.readFolderFile(folder, name)] as const);
  return Object.fromEntries(await Promise.all(read));
}
