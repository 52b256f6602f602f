import * as z from "zod";
import { inspectCheckpoint, type TensorAddress } from "#models/files/checkpoint";
import { countNonFinite, decode, isReadable } from "#models/files/element-types";
import { checkpointOf, piecesOf, weightsIn } from "../core/checkpoint";
import type { Host } from "../core/host";
import { hubDocs, folderOrHubParams } from "../core/hub";
import { folderOf } from "../core/model-folder";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import { storedFolder } from "../core/stored-file";
import type { Weights } from "../core/values";

const upload = storedFolder("weights.safetensors");

interface Choice {
  source: "shipped" | "upload" | "folder" | "hub";
  shipped: string;
  file?: z.output<typeof upload>;
  folder: string;
  model: string;
  revision: string;
  token?: string;
  entry: string;
}

/** When parameters mean something, by others. */
const shippedOnly = { source: ["shipped"] };
const uploadedOnly = { source: ["upload"] };
const notUploaded = { source: ["folder", "hub"] };

export const load = defineNode({
  type: "weights.load",
  title: "Load checkpoint",
  description: "Weights from .safetensors files: shipped, uploaded, in a folder where they lie, or of the hub.",
  synonyms: ["CheckpointLoader", "load_state_dict", "pretrained", "torch.load"],
  docs: `Nodes find their parameters by name: \`scope.name\`. The header is checked before anything is read: types,
sizes and bounds. Tensors of every element type are carried, so that saving gives them back bit by bit; what a node asks
for must be floating-point numbers (F64, F32, F16, BF16, F8_E4M3, F8_E5M2), which become float32.

A checkpoint in several files is chosen by its index (\`model.safetensors.index.json\`) together with them: several
files, or their folder. From a *folder* of the machine that runs the graph, one that the operator allows with
\`PATCHBAY_FOLDERS\`, files are used where they lie, without a copy, whatever their size; when one changes, the node
runs anew. Taken is \`model.safetensors\`, or the index and its shards, or what alone can be meant.

${hubDocs}`,
  version: 1,
  inputs: {},
  outputs: { weights: port.weights() },
  params: {
    source: z.enum(["shipped", "upload", "folder", "hub"]).default("shipped").meta({ label: "From" }),
    shipped: z
      .string()
      .regex(/^[\w-]+$/, "a name of letters, digits, - and _")
      .default("clip-emoji")
      .meta({ label: "Checkpoint", when: shippedOnly }),
    file: upload.optional().meta({ label: ".safetensors", widget: "upload", when: uploadedOnly }),
    ...folderOrHubParams,
    entry: z.string().max(255).default("").meta({
      label: "File",
      description: "The file or the index, where the folder holds several.",
      placeholder: "model.safetensors",
      when: notUploaded,
      advanced: true,
    }),
  },
  inspect: { file: { ending: [".safetensors.index.json", ".safetensors"], read: inspectCheckpoint } },
  check({ source, file, folder, model }) {
    const hint = "Upload a .safetensors file, name a folder or a model of the hub, or take a shipped checkpoint.";
    if (source === "upload" && !file) return { param: "file", message: "No checkpoint is chosen.", hint };
    if (source === "folder" && !folder.trim()) return { param: "folder", message: "No folder is given.", hint };
    if (source === "hub" && !model.trim()) return { param: "model", message: "No model is named.", hint };
    return undefined;
  },
  // What may change under its name is what results depend on: a shipped file with the product, a folder at any time.
  async fingerprint({ host, params }) {
    return params.source === "upload" ? "" : (await filesFor(host, params)).join();
  },
  async run({ host, params }) {
    const weights: Weights = weightsIn(await filesFor(host, params));
    const { tensors } = await checkpointOf(host, weights);
    const readable = [...tensors.values()].filter((tensor) => isReadable(tensor.dtype));
    if (!readable.length) host.warn(emptyOf(tensors.size));
    const broken = await nonFiniteTensors(host, tensors);
    if (broken.length) host.warn(nonFiniteOf(broken));
    return { weights };
  },
});

/** The files of the checkpoint that is chosen, by reference. An upload of several has their index first. */
async function filesFor(host: Host, choice: Choice): Promise<readonly string[]> {
  const { source, shipped, file, entry } = choice;
  if (source === "shipped") return [await host.put(await host.packageFile("patchbay", `${shipped}.safetensors`))];
  if (source !== "upload") {
    const folder = await folderOf(host, { ...choice, source });
    return (await host.openCheckpoint(folder, entry.trim() || undefined)).files;
  }
  return file?.files?.map(({ ref }) => ref) ?? [file?.ref ?? ""];
}

/** A checkpoint that nothing can be built from is a slip more often than not. */
const emptyOf = (tensors: number): string =>
  tensors === 0
    ? "The checkpoint holds no tensor."
    : `None of the checkpoint's ${tensors} tensors holds floating-point numbers, so that no node can be built from it.`;

interface Broken {
  name: string;
  /** How many of its numbers are NaN or infinite, of how many. */
  count: number;
  total: number;
}

/** Tensors with numbers that are NaN or infinite. Masks are none: they hold nothing but 0 and −∞. */
async function nonFiniteTensors(host: Host, tensors: ReadonlyMap<string, TensorAddress>): Promise<Broken[]> {
  const found: Broken[] = [];
  let done = 0;
  for (const [name, address] of tensors) {
    host.progress(++done, tensors.size, "looking for NaN");
    if (!isReadable(address.dtype)) continue;
    let count = 0;
    let isMask = true;
    for await (const bytes of piecesOf(host, address)) {
      host.signal.throwIfAborted();
      const inPiece = countNonFinite(address.dtype, bytes);
      count += inPiece;
      isMask &&= inPiece > 0 && isMaskPiece(address.dtype, bytes);
    }
    if (count && !isMask)
      found.push({ name, count, total: address.shape.reduce((product, size) => product * size, 1) });
  }
  return found;
}

function isMaskPiece(dtype: string, bytes: Uint8Array<ArrayBuffer>): boolean {
  return decode(dtype, bytes)?.every((x) => x === 0 || x === Number.NEGATIVE_INFINITY) === true;
}

function nonFiniteOf(broken: readonly Broken[]): string {
  const listed = broken.slice(0, 3).map(({ name, count, total }) => `“${name}” (${count} of ${total})`);
  const more = broken.length > listed.length ? ` and ${broken.length - listed.length} more tensors` : "";
  return (
    `Numbers of ${listed.join(", ")}${more} are NaN or infinite: whatever reads them computes nothing but that. ` +
    "Take an earlier checkpoint, or one in a wider precision."
  );
}
