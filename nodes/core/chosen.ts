/**
 * Files that someone chose for a parameter: one, several, a folder or an archive; and what the parameter holds of them.
 */
import type * as z from "zod";
import { type Beside, nothingBeside } from "#models/onnx/import/external";
import { type Source, sourceOf } from "#models/onnx/import/fields";
import { isZip, openZip } from "#models/files/zip";
import type { Inspect } from "./node";

export interface Chosen {
  /** Its path from the folder that was chosen, or its name. */
  path: string;
  source: Source;
}

/** Stores a file; gives its reference. */
export type Send = (file: Chosen) => Promise<string>;

/** As a graph's document keeps it. */
export type Stored = z.core.util.JSONType;

interface Choice {
  chosen: readonly Chosen[];
  inspect?: Inspect;
  send: Send;
  /** Finds what was not chosen, but lies beside what was. */
  find?: Beside;
}

/**
 * What a parameter holds of the files that were chosen: reference and name of the one that is meant, what its node
 * keeps of it, and under `files` those beside it that belong to it. Nothing is sent before everything is read and
 * found.
 */
export async function choose({ chosen, inspect, send, find = nothingBeside }: Choice): Promise<Stored> {
  const all = inspect ? (await Promise.all(chosen.map(unpacked))).flat() : chosen;
  const main = mainOf(all, [inspect?.ending ?? []].flat());
  const beside = async (path: string): Promise<Source | undefined> => besideOf(all, main, path)?.source ?? find(path);
  const { files = [], ...kept } = (await inspect?.read(main.source, beside)) ?? {};
  const ref = await send(main);
  const stored: { path: string; ref: string }[] = [];
  for (const path of files) stored.push({ path, ref: await send({ path, source: (await beside(path)) as Source }) });
  return { ref, name: nameOf(main.path), ...kept, ...(stored.length ? { files: stored } : {}) } as Stored;
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
const folderOf = (path: string): string => path.slice(0, path.lastIndexOf("/") + 1);

/** The files of an archive in its place. */
async function unpacked(file: Chosen): Promise<Chosen[]> {
  if (!file.path.endsWith(".zip") || !isZip(await file.source.read(0, Math.min(4, file.source.size)))) return [file];
  const entries = openZip(await file.source.read(0, file.source.size));
  return entries.map(({ path, size, read }) => ({ path, source: whenRead(size, read) }));
}

/** A source that is unpacked when it is first read. */
function whenRead(size: number, unpack: () => Uint8Array): Source {
  let source: Source | undefined;
  return { size, read: (start, end) => (source ??= sourceOf(unpack())).read(start, end) };
}

/** The file that is meant: the only one, or the only one with the ending. */
function mainOf(chosen: readonly Chosen[], endings: readonly string[]): Chosen {
  const [first, ...others] = chosen;
  if (first && !others.length) return first;
  const withEnding = (ending: string) => chosen.filter(({ path }) => `/${path}`.toLowerCase().endsWith(ending));
  const fitting = endings.map(withEnding).find((found) => found.length) ?? [];
  const [main, ...more] = fitting;
  if (main && !more.length) return main;
  const wanted = endings.join(" or ") || "file";
  const found = fitting.length
    ? fitting
        .map(({ path }) => path)
        .slice(0, 5)
        .join(", ")
    : "none";
  throw Object.assign(new Error(`Among ${chosen.length} files one ${wanted} is expected; there is ${found}.`), {
    hint: `Choose one ${wanted}, with the files that belong to it.`,
  });
}

/** The chosen file at a path from the folder of another; chosen without their folders, the one of that name. */
function besideOf(chosen: readonly Chosen[], main: Chosen, path: string): Chosen | undefined {
  const others = chosen.filter((file) => file !== main);
  const named = others.filter((file) => nameOf(file.path) === nameOf(path));
  return others.find((file) => file.path === folderOf(main.path) + path) ?? (named.length === 1 ? named[0] : undefined);
}
