import { createHash } from "node:crypto";
import { lstat } from "node:fs/promises";
import { bytesFile, jsonFile, streamZip, type ZipFile } from "#models/files/zip-writer";
import type { GraphDocument, Pin } from "#nodes/graph/document";
import { neededElsewhere } from "#nodes/graph/elsewhere";
import { leavingWith } from "#nodes/graph/leaving";
import { Failure } from "../errors";
import { type Blobs, refsIn, sha256 } from "../storage/blobs";
import {
  type BundleAbout,
  type BundleEntry,
  bundleManifest,
  type BundleManifest,
  bundleSchema,
  entryNames,
  type FileKind,
  filePath,
} from "./manifest";
import { pinsOf } from "./pinned-files";

export interface Packing extends Pick<BundleManifest, "form" | "measured" | "template"> {
  /** As it shall leave: what stays here was taken out before (`withoutLeaving`). */
  document: GraphDocument;
  about: BundleAbout;
  /** Files that stay here although the document names them, by their references. */
  without?: ReadonlySet<string>;
  /** The licence of the files. */
  filesLicence?: string;
  /** PNG, JPEG or WebP. */
  picture?: Uint8Array;
}

/** A bundle that can be written: its bytes come when it is read, and the same graph gives the same bytes. */
export interface Bundle {
  manifest: BundleManifest;
  stream(): AsyncGenerator<Uint8Array>;
}

/** Puts a bundle together. A file that is not in the store any more is one that is missing. */
export async function packBundle(packing: Packing, blobs: Blobs): Promise<Bundle> {
  const { document, about, form, measured, template } = packing;
  const graphFile = jsonFile(entryNames.graph, document);
  const { files, missing } = await filesOf(packing, blobs);
  const picture = packing.picture ? [bytesFile(entryNames.picture, packing.picture)] : [];
  const entries: BundleEntry[] = [
    { kind: "graph", path: entryNames.graph, sha256: digestOf(graphFile), bytes: graphFile.bytes },
    ...picture.map(
      (file): BundleEntry => ({
        kind: "picture",
        path: entryNames.picture,
        sha256: digestOf(file),
        bytes: file.bytes,
      }),
    ),
    ...files,
  ];
  const manifest = bundleManifest.parse({
    patchbay: "bundle",
    schema: bundleSchema,
    ...about,
    entries,
    missing,
    hub: neededElsewhere(document).hub,
    form,
    measured,
    template,
  });
  const stored = files.map((entry) => storedFile(entry, blobs));
  const all = [jsonFile(entryNames.manifest, manifest), graphFile, ...picture, ...stored];
  return { manifest, stream: () => streamZip(all) };
}

type FileEntry = Extract<BundleEntry, { kind: FileKind }>;

async function filesOf(
  { document, without, filesLicence }: Packing,
  blobs: Blobs,
): Promise<{ files: FileEntry[]; missing: BundleManifest["missing"] }> {
  const files: FileEntry[] = [];
  const missing: BundleManifest["missing"] = [];
  const licence = filesLicence ? { licence: filesLicence } : {};
  for (const { ref, name, bytes } of leavingWith(document).files) {
    const size = without?.has(ref) ? undefined : await sizeOf(ref, blobs);
    if (size === undefined) missing.push({ ref, name, bytes });
    else files.push({ kind: kindOf(name), path: filePath(ref), sha256: ref, bytes: size, name, ...licence });
  }
  const known = new Set(files.map(({ sha256: each }) => each));
  for (const [ref, name] of await artifactsOf(document, blobs)) {
    const size = await sizeOf(ref, blobs);
    if (size === undefined || known.has(ref)) continue;
    known.add(ref);
    files.push({ kind: "artifact", path: filePath(ref), sha256: ref, bytes: size, name });
  }
  return { files, missing };
}

/** The pinned results of the document, and what these name, by reference. */
async function artifactsOf(document: GraphDocument, blobs: Blobs): Promise<Map<string, string>> {
  const named = new Map<string, string>();
  for (const [node, pin] of pinsOf(document)) {
    for (const ref of [pin.ref, ...(await refsOfPin(pin, blobs))]) named.set(ref, `Pinned result of ${node}`);
  }
  return named;
}

async function refsOfPin(pin: Pin, blobs: Blobs): Promise<string[]> {
  if (!(await blobs.has(pin.ref))) return [];
  try {
    return refsIn(JSON.parse(new TextDecoder().decode(await blobs.get(pin.ref))));
  } catch {
    return [];
  }
}

/** Nothing where it is not in the store, or only a reference to a file of this machine. */
async function sizeOf(ref: string, blobs: Blobs): Promise<number | undefined> {
  const found = await lstat(blobs.path(ref)).catch(() => undefined);
  return found?.isFile() ? found.size : undefined;
}

const tokenizerNames = /(^|\/)(tokenizer|vocab|merges|special_tokens|added_tokens|spiece|sentencepiece)[^/]*$/i;
const weightsNames = /\.(safetensors|onnx|gguf|bin|pt|pth|ckpt|data|npz)$/i;

/** What a file is, by its name: what is large and can be had elsewhere is known by it. */
export function kindOf(name: string): FileKind {
  if (tokenizerNames.test(name)) return "tokenizer";
  return weightsNames.test(name) ? "weights" : "upload";
}

function digestOf(file: ZipFile): string {
  const [bytes] = file.parts() as Iterable<Uint8Array>;
  return sha256(bytes ?? new Uint8Array());
}

/** A file of the store. One that is not what its name says was damaged, and does not leave. */
function storedFile({ sha256: ref, bytes, path, name }: FileEntry, blobs: Blobs): ZipFile {
  async function* parts(): AsyncGenerator<Uint8Array> {
    const digest = createHash("sha256");
    for await (const part of blobs.stream(ref)) {
      digest.update(part as Uint8Array);
      yield part as Uint8Array;
    }
    if (digest.digest("hex") === ref) return;
    throw new Failure({ message: `The stored file “${name}” is damaged.`, hint: "Upload it again." });
  }
  return { path, bytes, parts };
}
