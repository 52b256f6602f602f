import { createHash } from "node:crypto";
import { lstatSync, realpathSync, type Stats, statSync } from "node:fs";
import { open, readdir, readFile, realpath, stat } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import { setImmediate as otherWork } from "node:timers/promises";
import pLimit from "p-limit";
import type { ByteSource } from "#models/files/table-file";
import type { FolderListing } from "#nodes/core/host";
import type { SourceFile } from "#nodes/core/values";
import { sameForm } from "#nodes/core/wording";
import { Failure } from "../errors";
import { howToFetch, ownFolders, pathOf } from "./fetched";
import { filesUnder, type FoundFiles, leftOutSentences, unreadable, within } from "./folder-walk";
import { headBytes, isReadPicture, pictureEndings } from "./picture-kinds";
import { fits, isGlob, patternsIn } from "./find-files";
import { checkFile, readSource, sourceBytes } from "./source-files";

export const folderLimits = { files: 1_000_000, fileBytes: 256 * 2 ** 20, depth: 12 };

/** Reading of folders, as far as the operator allows it. Paths within a folder are relative to it. */
export interface Folders {
  /** Sorted; `leftOut` are sentences about what was not looked at. */
  list(folder: string): Promise<FolderListing & { leftOut: string[] }>;
  /** A hash of the files' paths, sizes and times: reading them all before every run would cost more than most runs. */
  stamp(folder: string): Promise<string>;
  read(folder: string, path: string): Promise<Uint8Array>;
  /** The real path of what lies in a folder, if it may be read. */
  locate(folder: string, path: string): Promise<string>;
  /** Files as they are now; in place of one that may not be read, an error that says why. */
  files(folder: string, paths: readonly string[]): Promise<(SourceFile | Error)[]>;
  /** Files by patterns, one a line: in the order of the lines, and of their names. */
  find(folder: string, patterns: string): Promise<SourceFile[]>;
  /** Throws when a file that was found before is another one now, or may not be read any more. */
  check(file: SourceFile): Promise<void>;
  /** Bytes of such a file. */
  readFile(file: SourceFile, start?: number, end?: number): Promise<Uint8Array<ArrayBuffer>>;
  /** The same for a file that is read here and there. */
  open(file: SourceFile): ByteSource;
}

/** Looking at a file takes microseconds: in between so many others may work. */
const lookedAtOnce = 1000;

/** Text files that lie beside pictures and are none: not looked into. */
const companionEndings = new Set([".txt", ".caption", ".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".md"]);
const manyFiles = pLimit(16);

export function openFolders(allowed: readonly string[]): Folders {
  const find = pathFinder();
  let roots: Promise<string[]> | undefined;
  const rootsOf = () => {
    roots ??= Promise.all(
      [...allowed, ...ownFolders()].map(async (root) => (await find(resolve(root))) ?? resolve(root)),
    );
    return roots;
  };

  async function walk(folder: string): Promise<FoundFiles & { root: string }> {
    const roots = await rootsOf();
    const root = await allowedFolder(folder, await find(pathOf(folder)), roots);
    return { root, ...(await filesUnder(root, { roots, ...folderLimits })) };
  }

  async function locate(folder: string, path: string): Promise<string> {
    const roots = await rootsOf();
    const root = await allowedFolder(folder, await find(pathOf(folder)), roots);
    return allowedFile({ folder, root, path, roots }, find);
  }

  async function files(folder: string, paths: readonly string[]): Promise<(SourceFile | Error)[]> {
    const roots = await rootsOf();
    const root = await allowedFolder(folder, await find(pathOf(folder)), roots);
    const plainFile = plainFilesIn(root);
    const found: (SourceFile | Error)[] = [];
    for (const [i, path] of paths.entries()) {
      found.push(plainFile(path) ?? (await foundFile({ folder, root, path, roots }, find).catch((error) => error)));
      if (i % lookedAtOnce === 0) await otherWork();
    }
    return found;
  }

  async function mayRead(file: SourceFile): Promise<void> {
    const [real, roots] = await Promise.all([realpath(file.path).catch(() => file.path), rootsOf()]);
    if (real === file.path && roots.some((root) => within(root, real))) return;
    throw new Failure({
      message: `“${file.name}” lies in no folder that may be read (PATCHBAY_FOLDERS).`,
      hint: "Allow its folder, or move the data to where it may be read.",
    });
  }

  return {
    async list(folder) {
      const found = await walk(folder);
      const isPicture = await Promise.all(
        found.files.map((path) => manyFiles(() => holdsPicture(join(found.root, path)))),
      );
      return {
        pictures: found.files.filter((_, i) => isPicture[i]),
        others: found.files.filter((_, i) => !isPicture[i]),
        leftOut: leftOutSentences(found),
      };
    },
    async stamp(folder) {
      const { root, files, ...leftOut } = await walk(folder);
      const hash = createHash("sha256").update(JSON.stringify(leftOut));
      for (const [i, path] of files.entries()) {
        const { size, mtimeMs } = statSync(join(root, path));
        hash.update(JSON.stringify([path, size, mtimeMs]));
        if (i % lookedAtOnce === 0) await otherWork();
      }
      return hash.digest("hex");
    },
    read: async (folder, path) => readWhole(await locate(folder, path), path),
    locate,
    files,
    async find(folder, text) {
      const patterns = patternsIn(text);
      const all = patterns.some(isGlob) ? (await walk(folder)).files : [];
      const paths = patterns.flatMap((pattern) => (isGlob(pattern) ? fitting(pattern, all, folder) : [pattern]));
      const found = await files(folder, [...new Set(paths)]);
      return found.map((file) => {
        if (file instanceof Error) throw file;
        return file;
      });
    },
    async check(file) {
      await mayRead(file);
      await checkFile(file);
    },
    async readFile(file, start, end) {
      await mayRead(file);
      return readSource(file, start, end);
    },
    open: (file) => sourceBytes(file, () => mayRead(file)),
  };
}

function fitting(pattern: string, paths: readonly string[], folder: string): string[] {
  const found = paths.filter((path) => fits(pattern, path));
  if (found.length) return found;
  throw new Failure({
    param: "files",
    message: `No file in “${folder}” fits “${pattern}”.`,
    hint: "* stands for letters of a name, **/ for any folders, {a,b} and {00..12} for several names.",
  });
}

/** Finds files below a real folder that no link leads to, which are nearly all: one look at each is enough. */
function plainFilesIn(root: string): (path: string) => SourceFile | undefined {
  const isReal = new Map<string, boolean>();
  return function plainFile(path) {
    const wanted = join(root, path);
    const folder = dirname(wanted);
    if (!within(root, wanted)) return undefined;
    if (!isReal.has(folder)) isReal.set(folder, realFolder(folder) === folder);
    const found = isReal.get(folder) ? lookedAt(wanted) : undefined;
    return found?.isFile() ? { path: wanted, name: path, size: found.size, mtimeMs: found.mtimeMs } : undefined;
  };
}

/** What lies at a path; nothing where there can be nothing, such as behind the name of a file. */
function lookedAt(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function realFolder(folder: string): string | undefined {
  try {
    return realpathSync.native(folder);
  } catch {
    return undefined;
  }
}

async function foundFile(wanted: WantedFile, find: (path: string) => Promise<string | undefined>): Promise<SourceFile> {
  const real = await allowedFile(wanted, find);
  const found = await stat(real).catch((cause) => unreadable(wanted.path, cause));
  if (!found.isFile()) throw noFile(wanted.path);
  return { path: real, name: wanted.path, size: found.size, mtimeMs: found.mtimeMs };
}

const noFile = (path: string): Failure =>
  new Failure({ param: "folder", message: `“${path}” is no file.`, hint: "Give the path of a file in the folder." });

/** Finds the real path of a path whose names may be written in another Unicode form; nothing where there is none. */
function pathFinder(): (path: string) => Promise<string | undefined> {
  const namesIn = new Map<string, Promise<Map<string, string>>>();
  const readNames = async (folder: string) =>
    new Map((await readdir(folder).catch(() => [])).map((name) => [sameForm(name), name]));
  return async function find(path: string): Promise<string | undefined> {
    const exact = await realpath(path).catch(() => undefined);
    if (exact !== undefined || path === dirname(path) || /^[\0-\x7f]*$/.test(path)) return exact;
    const parent = await find(dirname(path));
    if (parent === undefined) return undefined;
    const names = namesIn.get(parent) ?? readNames(parent);
    namesIn.set(parent, names);
    const name = (await names).get(sameForm(basename(path)));
    return name === undefined ? undefined : realpath(join(parent, name)).catch(() => undefined);
  };
}

/** The folder's real path, if data may be read from it: links are followed before the check. */
async function allowedFolder(folder: string, real: string | undefined, roots: readonly string[]): Promise<string> {
  if (real === undefined)
    throw new Failure({
      param: "folder",
      message: `The folder “${folder}” does not exist on the machine that runs the graph.`,
      hint: howToFetch(folder) ?? "Check the path, or upload the pictures instead.",
    });
  if (!roots.some((root) => within(root, real)))
    throw new Failure({
      param: "folder",
      message: `The folder “${folder}” may not be read.`,
      hint:
        roots.length > ownFolders().length
          ? `Allowed are ${roots.join(", ")} (PATCHBAY_FOLDERS). Move the data there, or allow its folder.`
          : `No folder is allowed. Start Patchbay with PATCHBAY_FOLDERS set to the folders that hold data, \
or upload the pictures.`,
    });
  if (!(await stat(real)).isDirectory())
    throw new Failure({
      param: "folder",
      message: `“${folder}” is no folder.`,
      hint: "Give the folder that holds the file.",
    });
  return real;
}

interface WantedFile {
  folder: string;
  root: string;
  path: string;
  roots: readonly string[];
}

/** The file's real path, if it lies in the folder, or a link in the folder leads to where data may be read from. */
async function allowedFile(
  { folder, root, path, roots }: WantedFile,
  find: (path: string) => Promise<string | undefined>,
): Promise<string> {
  const wanted = join(root, path);
  const real = within(root, wanted) ? await find(wanted) : undefined;
  if (real === undefined)
    throw new Failure({
      param: "folder",
      message: `“${path}” is not in the folder “${folder}”.`,
      hint: "Paths are relative to the folder, and stay inside of it. Correct the path, or put the file there.",
    });
  if (!roots.some((allowed) => within(allowed, real)))
    throw new Failure({
      param: "folder",
      message: `“${path}” is not in the folder “${folder}”: it is a link out of the folders that may be read.`,
      hint: "Allow the folder it leads to (PATCHBAY_FOLDERS), or put the file itself there.",
    });
  return real;
}

async function readWhole(real: string, path: string): Promise<Uint8Array> {
  const found = await stat(real);
  if (!found.isFile()) throw noFile(path);
  const [size, limit] = [found.size, folderLimits.fileBytes].map((bytes) => Math.ceil(bytes / 2 ** 20));
  if (found.size > folderLimits.fileBytes)
    throw new Failure({
      param: "folder",
      message: `“${path}” has ${size} MiB, and ${limit} is the limit.`,
      hint: "Split the file.",
    });
  return readFile(real).catch((cause) => unreadable(path, cause));
}

async function holdsPicture(path: string): Promise<boolean> {
  const ending = extname(path).toLowerCase();
  if (pictureEndings.has(ending)) return true;
  return !companionEndings.has(ending) && isReadPicture(await headOf(path));
}

/** The first bytes of a file; none where it cannot be opened. */
async function headOf(path: string): Promise<Uint8Array> {
  const file = await open(path).catch(() => undefined);
  if (!file) return new Uint8Array();
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
