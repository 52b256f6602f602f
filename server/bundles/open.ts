/**
 * Reads a bundle of a stranger. Everything is checked before anything is kept: names, kinds and sizes of the entries,
 * that they do not share bytes of the archive, what they really inflate to, and the sha256 of each.
 */
import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import { type Entry, openPromise, type ZipFile } from "yauzl";
import { jsonFlaws } from "#models/files/json-text";
import { decodeText } from "#models/files/text";
import { type GraphDocument, limits } from "#nodes/graph/document";
import { leavingWith } from "#nodes/graph/leaving";
import { parseBytes } from "#nodes/graph/parse";
import { Failure } from "../errors";
import { refsIn } from "../storage/blobs";
import { pictureKind } from "../storage/picture-kind";
import {
  type BundleEntry,
  bundleLimits,
  bundleManifest,
  type BundleManifest,
  bundleSchema,
  entryNames,
} from "./manifest";
import { pinsOf } from "./pinned-files";

/** A bundle that holds what it says. */
export interface OpenedBundle {
  manifest: BundleManifest;
  document: GraphDocument;
  picture?: Uint8Array;
  /** Files to store, by reference; their bytes are checked once more while they are read. */
  files: { ref: string; bytes: number; read(): Promise<Readable> }[];
  close(): void;
}

/** Opens a file of this machine. Refused, with a sentence, where anything in it is not as its manifest says. */
export async function openBundle(path: string): Promise<OpenedBundle> {
  const { size } = await stat(path);
  const zip = await openPromise(path, { autoClose: false, decodeStrings: false, validateEntrySizes: true }).catch(
    (cause) => {
      throw refused("it is no zip archive, or was cut off", cause);
    },
  );
  // What it says after its last entry was read is heard by nobody else, and would end the process.
  zip.on("error", () => {});
  try {
    return await checkedBundle(zip, size);
  } catch (cause) {
    zip.close();
    throw cause instanceof Failure ? cause : refused("it cannot be read", cause);
  }
}

async function checkedBundle(zip: ZipFile, archiveBytes: number): Promise<OpenedBundle> {
  const entries = await entriesOf(zip, archiveBytes);
  const manifest = await manifestIn(zip, entries);
  refuseOthers(manifest, entries);
  const kept = new Map<string, Uint8Array>();
  const isKept = ({ kind }: BundleEntry) => kind === "graph" || kind === "picture";
  const pinRefs = new Set<string>();
  let document: GraphDocument | undefined;
  for (const listed of inOrder(manifest.entries)) {
    const keep = isKept(listed) || pinRefs.has(listed.sha256);
    const bytes = await checkedEntry(zip, entries.get(listed.path) as Entry, listed, keep);
    if (bytes) kept.set(listed.path, bytes);
    if (listed.kind !== "graph") continue;
    document = documentIn(bytes as Uint8Array);
    for (const [, pin] of pinsOf(document)) pinRefs.add(pin.ref);
  }
  if (!document) throw refused("it holds no graph");
  refuseUnused(manifest, document, kept);
  const picture = kept.get(entryNames.picture);
  if (picture && !pictureKind(picture)) throw refused("its picture is neither PNG, JPEG nor WebP");
  const files = manifest.entries
    .filter((listed) => !isKept(listed))
    .map(({ sha256: ref, bytes, path }) => ({
      ref,
      bytes,
      read: () => zip.openReadStreamPromise(entries.get(path) as Entry),
    }));
  return { manifest, document, picture, files, close: () => zip.close() };
}

/** What is in the archive, by its names; these are never used as paths. */
async function entriesOf(zip: ZipFile, archiveBytes: number): Promise<Map<string, Entry>> {
  if (zip.entryCount > bundleLimits.entries) throw refused(`it has ${zip.entryCount} entries`);
  const entries = new Map<string, Entry>();
  for await (const entry of zip.eachEntry()) {
    const name = nameOf(entry);
    if (entries.has(name)) throw refused(`it holds ${name} twice`);
    refuseOddEntry(entry, name);
    entries.set(name, entry);
  }
  refuseBombs([...entries.values()], archiveBytes);
  return entries;
}

const knownNames = /^(manifest\.json|graph\.json|picture|files\/[0-9a-f]{64})$/;

function nameOf(entry: Entry): string {
  // Names are not decoded: those that are known have no letter that would need it.
  const name = (entry.fileName as unknown as Buffer).toString("latin1");
  if (!knownNames.test(name)) throw refused(`it has an entry named ${JSON.stringify(name.slice(0, 80))}`);
  return name;
}

const fileTypeMask = 0o170000;
const regularFile = 0o100000;

function refuseOddEntry(entry: Entry, name: string): void {
  const type = (entry.externalFileAttributes >>> 16) & fileTypeMask;
  if (type !== 0 && type !== regularFile) throw refused(`${name} is no file, but a link or a folder`);
  if (entry.isEncrypted()) throw refused(`${name} is encrypted`);
  if (entry.compressionMethod !== 0 && entry.compressionMethod !== 8)
    throw refused(`${name} is packed in a way that is not read`);
}

/** Much that inflates out of little, or out of the same bytes again. */
function refuseBombs(entries: readonly Entry[], archiveBytes: number): void {
  const inflated = entries.reduce((sum, { uncompressedSize }) => sum + uncompressedSize, 0);
  const most = Math.max(bundleLimits.inflatedBytes, bundleLimits.inflation * archiveBytes);
  if (!(inflated <= most)) throw refused("it would inflate to far more than it is");
  const byPlace = entries.toSorted((a, b) => a.relativeOffsetOfLocalHeader - b.relativeOffsetOfLocalHeader);
  let end = 0;
  for (const { relativeOffsetOfLocalHeader: start, compressedSize } of byPlace) {
    if (start < end) throw refused("its entries share bytes");
    end = start + compressedSize;
  }
  if (end > archiveBytes) throw refused("its entries lie beyond its end");
}

async function manifestIn(zip: ZipFile, entries: ReadonlyMap<string, Entry>): Promise<BundleManifest> {
  const entry = entries.get(entryNames.manifest);
  if (!entry) throw refused("it has no manifest");
  if (entry.uncompressedSize > bundleLimits.manifestBytes) throw refused("its manifest is too large");
  const json = jsonIn(await inflated(zip, entry, { most: bundleLimits.manifestBytes, keep: true }));
  const { schema } = (typeof json === "object" && json !== null ? json : {}) as { schema?: unknown };
  if (typeof schema === "number" && schema > bundleSchema)
    throw new Failure({
      message: `The bundle was made by a newer Patchbay: schema ${schema}, while this one reads ${bundleSchema}.`,
      hint: "Update Patchbay.",
    });
  const { data, error } = bundleManifest.safeParse(json);
  if (!data) throw refused(`its manifest is wrong at ${error.issues[0]?.path.join(".") || "its beginning"}`);
  return data;
}

function jsonIn({ bytes }: Inflated): unknown {
  try {
    const text = decodeText(bytes ?? new Uint8Array());
    if (jsonFlaws(text, 20).length) throw new Error("names occur twice, are reserved, or are nested too deeply");
    return JSON.parse(text);
  } catch (cause) {
    throw refused("its manifest is no JSON", cause);
  }
}

/** The manifest lists what is there, each once, and nothing else. */
function refuseOthers({ entries }: BundleManifest, found: ReadonlyMap<string, Entry>): void {
  const listed = new Set(entries.map(({ path }) => path));
  if (listed.size !== entries.length) throw refused("its manifest lists an entry twice");
  for (const { path, bytes } of entries) {
    if (found.get(path)?.uncompressedSize !== bytes) throw refused(`${path} is not there as its manifest says`);
  }
  for (const name of found.keys()) {
    if (name !== entryNames.manifest && !listed.has(name)) throw refused(`${name} is not in its manifest`);
  }
  const misnamed = entries.find(({ path, sha256 }) => path.startsWith("files/") && path !== `files/${sha256}`);
  if (misnamed) throw refused(`${misnamed.path} has another sha256 in its manifest`);
}

/** The graph first, since it says which of the files are looked into. */
const inOrder = (entries: readonly BundleEntry[]): BundleEntry[] =>
  entries.toSorted((a, b) => Number(b.kind === "graph") - Number(a.kind === "graph"));

const mostKept: { [K in BundleEntry["kind"]]?: number } = {
  graph: limits.bytes,
  picture: bundleLimits.pictureBytes,
  artifact: 64 * 2 ** 20,
};

/** Reads an entry to its end; its bytes, where they are wanted. */
async function checkedEntry(
  zip: ZipFile,
  entry: Entry,
  { path, sha256, kind, bytes }: BundleEntry,
  keep: boolean,
): Promise<Uint8Array | undefined> {
  const most = keep ? (mostKept[kind] ?? 0) : bytes;
  if (bytes > most) throw refused(`${path} is too large`);
  const found = await inflated(zip, entry, { most: bytes, keep });
  if (found.count !== bytes || found.sha256 !== sha256) throw refused(`${path} is not what its manifest says`);
  return found.bytes;
}

interface Inflated {
  count: number;
  sha256: string;
  bytes?: Uint8Array;
}

/** Counts and hashes what an entry inflates to, whatever the archive says of it. */
async function inflated(
  zip: ZipFile,
  entry: Entry,
  { most, keep }: { most: number; keep: boolean },
): Promise<Inflated> {
  const digest = createHash("sha256");
  const parts: Uint8Array[] = [];
  let count = 0;
  const stream = await zip.openReadStreamPromise(entry);
  for await (const part of stream as AsyncIterable<Buffer>) {
    count += part.length;
    if (count > most) throw refused("an entry inflates to more than it says");
    digest.update(part);
    if (keep) parts.push(part);
  }
  return { count, sha256: digest.digest("hex"), bytes: keep ? Buffer.concat(parts) : undefined };
}

function documentIn(bytes: Uint8Array): GraphDocument {
  const { document, problems } = parseBytes(bytes);
  if (document) return document;
  throw refused(`its graph cannot be read (${problems[0]?.message.replace(/\.$/, "")})`);
}

/** A file that its graph does not name would lie in the store for nothing. */
function refuseUnused(
  { entries }: BundleManifest,
  document: GraphDocument,
  kept: ReadonlyMap<string, Uint8Array>,
): void {
  const used = new Set(leavingWith(document).files.map(({ ref }) => ref));
  for (const [, { ref }] of pinsOf(document)) {
    used.add(ref);
    for (const inner of namedIn(kept.get(`files/${ref}`))) used.add(inner);
  }
  const unused = entries.find(({ path, sha256 }) => path.startsWith("files/") && !used.has(sha256));
  if (unused) throw refused(`its graph does not use ${unused.path}`);
}

function namedIn(bytes: Uint8Array | undefined): string[] {
  if (!bytes) return [];
  try {
    const value = JSON.parse(decodeText(bytes));
    return typeof value === "object" && value !== null ? refsIn(value) : [];
  } catch (cause) {
    throw refused("a pinned result in it cannot be read", cause);
  }
}

function refused(reason: string, cause?: unknown): Failure {
  return new Failure(
    {
      message: `This bundle is not opened: ${reason}.`,
      hint: "Nothing of it was kept. Have it sent again, or packed again.",
    },
    { cause },
  );
}
