import type { Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { counted, namesOf } from "#nodes/core/wording";
import { Failure } from "../errors";

/** The files under a folder, and what was not looked at, each by its path in the folder. */
export interface FoundFiles {
  files: string[];
  /** Links to what lies in no folder that may be read. */
  leaving: string[];
  /** Links to nothing. */
  broken: string[];
  /** Links to a folder that they lie in, or that is read already. */
  again: string[];
  /** Folders below the deepest level that is read. */
  tooDeep: string[];
}

interface WalkOptions {
  /** Real paths of the folders that may be read. */
  roots: readonly string[];
  files: number;
  depth: number;
}

/** A folder, or a link in one. */
interface Place {
  /** Relative to the root, with "/" between names. */
  path: string;
  /** Where it really lies. */
  real: string;
  depth: number;
}

/**
 * Walks a folder. Links are followed to wherever data may be read from: caches of hubs and tools for versions of data
 * lay pictures out that way. Real folders come first, and each is walked once, so that no circle of links is endless.
 */
export async function filesUnder(root: string, options: WalkOptions): Promise<FoundFiles> {
  const found: FoundFiles = { files: [], leaving: [], broken: [], again: [], tooDeep: [] };
  const seen = new Set([root]);
  let folders: Place[] = [{ path: "", real: root, depth: 0 }];
  let links: Place[] = [];
  while (folders.length || links.length) {
    const folder = folders.shift();
    if (!folder) {
      folders = await followLinks(links, { found, seen, options });
      links = [];
      continue;
    }
    for (const entry of await entriesOf(folder)) {
      const path = folder.path ? `${folder.path}/${entry.name}` : entry.name;
      const place = { path, real: join(folder.real, entry.name), depth: folder.depth + 1 };
      if (entry.isFile()) found.files.push(path);
      else if (entry.isSymbolicLink()) links.push(place);
      else if (entry.isDirectory()) enter(place, { found, seen, options }, folders);
    }
    if (found.files.length > options.files)
      throw new Failure({
        param: "folder",
        message: `The folder “${root}” holds more than ${options.files} files.`,
        hint: "Split it.",
      });
  }
  for (const list of Object.values(found)) list.sort();
  return found;
}

/** What a person should know of what was not looked at: one sentence for each kind. */
export function leftOutSentences({ leaving, broken, again, tooDeep }: FoundFiles): string[] {
  const sentence = (paths: string[], one: string, many: string) =>
    paths.length ? [`${counted(paths.length, one, many)} left out: ${namesOf(paths, 5)}.`] : [];
  return [
    ...sentence(
      leaving,
      "link leads out of the folders that may be read (PATCHBAY_FOLDERS) and is",
      "links lead out of the folders that may be read (PATCHBAY_FOLDERS) and are",
    ),
    ...sentence(broken, "link leads to nothing and is", "links lead to nothing and are"),
    ...sentence(
      again,
      "link leads to a folder that is read already and is",
      "links lead to folders that are read already and are",
    ),
    ...sentence(tooDeep, "folder lies too deep and is", "folders lie too deep and are"),
  ];
}

/** Whether a path is the folder or lies in it. */
export const within = (folder: string, path: string): boolean =>
  path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);

/** Says which file or folder it was that the system would not open. */
export function unreadable(path: string, cause: NodeJS.ErrnoException): never {
  const denied = cause.code === "EACCES" || cause.code === "EPERM";
  throw new Failure(
    {
      param: "folder",
      message: `“${path}” cannot be read: ${denied ? "Patchbay's user lacks the permission" : cause.message}.`,
      hint: "Check that it is still there, and who may read it.",
    },
    { cause },
  );
}

interface Walk {
  found: FoundFiles;
  /** Real paths of the folders that are walked. */
  seen: Set<string>;
  options: WalkOptions;
}

async function entriesOf(folder: Place): Promise<Dirent[]> {
  const entries = await readdir(folder.real, { withFileTypes: true }).catch((cause) => unreadable(folder.real, cause));
  return entries.filter((entry) => !entry.name.startsWith(".")).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function enter(place: Place, { found, seen, options }: Walk, folders: Place[]): void {
  if (seen.has(place.real)) found.again.push(place.path);
  else if (place.depth > options.depth) found.tooDeep.push(place.path);
  else {
    seen.add(place.real);
    folders.push(place);
  }
}

/** Files behind links are found, folders are to be walked. */
async function followLinks(links: readonly Place[], walk: Walk): Promise<Place[]> {
  const { found, options } = walk;
  const folders: Place[] = [];
  for (const link of links) {
    const real = await realpath(link.real).catch(() => undefined);
    if (real === undefined) {
      found.broken.push(link.path);
      continue;
    }
    if (!options.roots.some((root) => within(root, real))) {
      found.leaving.push(link.path);
      continue;
    }
    const target = await stat(real);
    if (target.isFile()) found.files.push(link.path);
    else if (within(real, link.real)) found.again.push(link.path);
    else if (target.isDirectory()) enter({ ...link, real }, walk, folders);
  }
  return folders;
}
