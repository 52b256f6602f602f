/** What nodes that read pictures of the user's own have in common. */
import * as z from "zod";
import type { Host } from "./host";
import { counted, namesOf } from "./wording";

/** The pictures that are read, in a sentence. */
export const readPictures = "PNG, JPEG, WebP, GIF, AVIF, TIFF and SVG are read.";

/** What becomes of a run with damaged pictures. */
export const damagedParam = z.enum(["stop", "leave out"]).default("stop").meta({
  label: "Damaged pictures",
  advanced: true,
  description: "Stop, naming all of them; or leave them out with a warning, which decodes every picture beforehand.",
});

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
