/** Where `patchbay fetch` puts models and data, and how graphs name them: `fetched/NAME` is a folder anywhere. */
import { join, resolve } from "node:path";
import { env } from "../env";

/** Holds a folder for each thing that was fetched. Graphs may always read it. */
export const fetchedFolder = (): string => join(env().data, "fetched");

const fetchedName = /^fetched\/([a-z0-9][\w.-]*)(\/.*)?$/;

/** The path of a folder that a graph names. */
export function pathOf(folder: string): string {
  const [, name, inside = ""] = fetchedName.exec(folder.trim()) ?? [];
  return name === undefined ? resolve(folder) : join(fetchedFolder(), name, inside);
}

/** What to do about a folder that is not there, where it would have been fetched. */
export function howToFetch(folder: string): string | undefined {
  const [, name] = fetchedName.exec(folder.trim()) ?? [];
  return name && `Fetch it first: npm run -s patchbay -- fetch ${name}`;
}
