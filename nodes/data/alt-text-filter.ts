import * as z from "zod";
import { type AltTextFault, altTextFaults, type Pair } from "#models/files/alt-texts";
import type { Host } from "../core/host";
import { defineNode } from "../core/node";
import { itemCount } from "../core/packed";
import { port } from "../core/ports";
import { chosenPictures, firstFilesOf } from "../core/row-pictures";
import type { ImageBatch, ImageFile, PlacedImage, Ranking } from "../core/values";
import { counted } from "../core/wording";

const rule = (fallback: number, label: string, unit?: string) =>
  z.int().min(0).max(1_000_000_000).default(fallback).meta({ label, unit });

export const altTextFilter = defineNode({
  type: "data.alt-text-filter",
  title: "Alt-text filter",
  description: "Leaves out pairs of the web whose picture or text is of little use: ALIGN's rules.",
  synonyms: ["data cleaning", "caption filtering", "image-text filtering"],
  docs: `A text stays with its picture (Jia et al. 2021, §3.1) unless

- the shorter side is 200 pixels or fewer, or the longer one is three times as long or more
- the picture has more than 1,000 different texts, or more than 10 pictures share the text
- it has fewer than 3 words or more than 20
- it holds a word that is not, alone or beside its neighbour, among the most frequent words and pairs of words of the
  set (0: all are known; the paper keeps 100 million)

The paper also leaves out adult content and what resembles pictures of the test sets, of which this node knows nothing.
Files of equal content, or of one place, are one picture; each row of pixels is one of its own.`,
  version: 1,
  inputs: { image: port.image({ shape: ["N", "H", "W"] }), text: port.text({ shape: ["N"] }) },
  outputs: {
    image: port.image({ shape: ["M", "H", "W"], doc: "The pictures that stay." }),
    text: port.text({ shape: ["M"], doc: "Their texts." }),
    reasons: port.ranking({ doc: "What was left out, by rule, as shares of all pairs." }),
    dropped: port.gallery({ doc: "The first pairs that were left out, with the reason." }),
  },
  params: {
    shorterSide: rule(200, "Shorter side above", "px"),
    aspect: z.number().min(1).max(1000).default(3).meta({ label: "Longer side below", unit: "× the shorter" }),
    textsOfPicture: rule(1000, "Texts of a picture", "at most"),
    picturesOfText: rule(10, "Pictures of a text", "at most"),
    fewestWords: rule(3, "Fewest words"),
    mostWords: rule(20, "Most words"),
    frequent: rule(100_000_000, "Frequent words and pairs"),
    shown: z.int().min(0).max(1000).default(24).meta({ label: "Dropped pairs shown", unit: "at most", advanced: true }),
  },
  allRows: "Texts and pictures that many pairs share are found among all of them.",
  async run({ host, inputs: { image, text }, params }) {
    const pairs = (await picturesIn(host, image)).map((picture, row) => ({ ...picture, text: text[row] ?? "" }));
    const faults = altTextFaults(pairs, params);
    const kept = faults.flatMap((fault, row) => (fault ? [] : [row]));
    const left = faults.flatMap((fault, row) => (fault ? [row] : [])).slice(0, params.shown);
    const files = await firstFilesOf(host, image, left);
    if (!kept.length) host.warn("Every pair was left out; “reasons” says by which rules.");
    return {
      image: chosenPictures(image, kept),
      text: kept.map((row) => text[row] ?? ""),
      reasons: { items: sharesOf(faults) },
      dropped: {
        images: left.map((row) => files.get(row) as ImageFile),
        captions: left.map((row) => `${text[row]}\n${faults[row]}`),
      },
    };
  },
});

/** The name and the size of each row's picture. */
async function picturesIn(host: Host, image: ImageBatch): Promise<Omit<Pair, "text">[]> {
  if ("pixels" in image) {
    const [, height = 0, width = 0] = image.pixels.shape;
    return Array.from({ length: itemCount(image) }, (_, row) => ({ picture: String(row), size: { width, height } }));
  }
  const placed = image.files.filter((file) => !("ref" in file));
  const found = placed.length
    ? await host.decode({ files: placed }, { sizeOf: (size) => size }, ({ width, height }) => ({ width, height }))
    : [];
  const sizes = new Map(placed.map((file, i) => [file, found[i]]));
  return image.files.map((file) =>
    "ref" in file ? { picture: file.ref, size: file } : { picture: placeOf(file), size: sizes.get(file) },
  );
}

const placeOf = ({ file, start, column, row, item }: PlacedImage): string =>
  JSON.stringify([file.path, start, column, row, item]);

/** By rule how many pairs it left out, most first. */
function sharesOf(faults: readonly (AltTextFault | undefined)[]): Ranking["items"] {
  const counts = new Map<AltTextFault, number>();
  for (const fault of faults) if (fault) counts.set(fault, (counts.get(fault) ?? 0) + 1);
  const ranked = [...counts].sort(([, a], [, b]) => b - a);
  return ranked.map(([name, count]) => ({
    name,
    labels: [{ label: counted(count, "pair", "pairs"), score: count / faults.length }],
  }));
}
