/** Folders that graphs name without knowing where they lie: `fetched/NAME`, and `shipped/NAME` of Patchbay itself. */
import { join, resolve } from "node:path";
import { env } from "../env";

/** Holds a folder for each thing that `patchbay fetch` brought. Graphs may always read it. */
export const fetchedFolder = (): string => join(env().data, "fetched");

/** Holds what ships with Patchbay, which graphs may always read too. */
const shippedFolder = (): string => join(env().root, "models/checkpoints");

/** What graphs may read whatever the operator allows. */
export const ownFolders = (): string[] => [fetchedFolder(), shippedFolder()];

const namedFolder = /^(fetched|shipped)\/([a-z0-9][\w.-]*)(\/.*)?$/;

/** The path of a folder that a graph names. */
export function pathOf(folder: string): string {
  const [, kind, name = "", inside = ""] = namedFolder.exec(folder.trim()) ?? [];
  if (kind === undefined) return resolve(folder);
  return join(kind === "fetched" ? fetchedFolder() : shippedFolder(), name, inside);
}

/** What to do about a folder that is not there, where it would have been fetched. */
export function howToFetch(folder: string): string | undefined {
  const [, kind, name] = namedFolder.exec(folder.trim()) ?? [];
  return kind === "fetched" ? `Fetch it first: npm run -s patchbay -- fetch ${name}` : undefined;
}
