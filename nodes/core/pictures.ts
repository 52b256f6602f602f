/** What nodes that read pictures of the user's own have in common. */
import * as z from "zod";
import type { Host, PictureSource } from "./host";
import type { ImageFile, PlacedImage } from "./values";
import { counted, namesOf } from "./wording";

/** The pictures that are read, in a sentence. */
export const readPictures = "PNG, JPEG, WebP, GIF, AVIF, TIFF, BMP and SVG are read.";

/** What becomes of a run with damaged pictures. */
export const damagedParam = z.enum(["stop", "leave out"]).default("stop").meta({
  label: "Damaged pictures",
  advanced: true,
  description: "Stop, naming all of them; or leave them out with a warning, which decodes every picture beforehand.",
});

/** How many pictures are looked at before the run, to tell early of what is no data set of pictures. */
export const lookedAtFirst = 256;

/** A picture by its path in a folder. */
export interface WantedPicture {
  path: string;
  /** Begins a message about it, such as "Row 2 of “captions.csv”: ". */
  where?: string;
}

/**
 * The addresses of pictures in a folder that the server allows. Nothing is copied, and only the first pictures are
 * looked at, or all of them where damaged ones are to be left out: those are undefined.
 */
export async function picturesIn(
  host: Host,
  folder: string,
  wanted: readonly WantedPicture[],
  damaged: "stop" | "leave out",
): Promise<(PlacedImage | undefined)[]> {
  const files = await host.folderFiles(
    folder,
    wanted.map(({ path }) => path),
  );
  const sources = files.map((file, i): PictureSource => {
    const { path, where } = wanted[i] as WantedPicture;
    if (file instanceof Error) return { name: path, where, read: () => Promise.reject(file) };
    const place = { file, name: path };
    return { name: path, where, place, read: () => host.imageBytes(place) };
  });
  return lookAt(host, sources, damaged);
}

/** Looks at the first of pictures that lie somewhere, and at those that cannot be found; at all to leave some out. */
async function lookAt(host: Host, sources: readonly PictureSource[], damaged: "stop" | "leave out") {
  const isLookedAt = (place: unknown, i: number) => damaged === "leave out" || i < lookedAtFirst || !place;
  const looked = sources.filter(({ place }, i) => isLookedAt(place, i));
  const found = await host.importImages(looked, damaged);
  const left = new Set(looked.filter((_, i) => !found[i]));
  return sources.map((source) => (left.has(source) ? undefined : source.place));
}

/** What a picture is called in messages. */
export function pictureName(image: ImageFile): string {
  if (image.name !== undefined) return image.name;
  if ("ref" in image) return image.ref.slice(0, 12);
  if (image.row === undefined) return image.file.name;
  const which = image.item === undefined ? "" : `number ${image.item + 1} `;
  return `${which}in row ${image.row + 1} of ${image.file.name}`;
}

/** Texts and tables, which lie beside pictures and are not meant to be any. */
const besidePictures = new Set([".txt", ".caption", ".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".md"]);

/** The ending of a path's name, in small letters; "" where it has none. */
export function endingOf(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const dot = name.lastIndexOf(".");
  return dot > 0 ? name.slice(dot).toLowerCase() : "";
}

/** Warns of files in a folder of pictures that are none, by their endings. */
export function warnOfUnread(host: Host, others: readonly string[]): void {
  const counts = new Map<string, number>();
  for (const path of others) {
    const ending = endingOf(path);
    if (!besidePictures.has(ending)) counts.set(ending, (counts.get(ending) ?? 0) + 1);
  }
  if (!counts.size) return;
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const endings = [...counts]
    .sort((a, b) => b[1] - a[1])
    .map(([ending, count]) => `${ending || "no ending"} (${count})`);
  const files = counted(
    total,
    "file is no picture that is read, and is",
    "files are no pictures that are read, and are",
  );
  host.warn(`${files} left out: ${namesOf(endings)}.`);
}
