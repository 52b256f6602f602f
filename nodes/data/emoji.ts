import * as z from "zod";
import { listOf } from "#models/patterns";
import { defineNode } from "../core/node";
import type { Host } from "../core/host";
import { port } from "../core/ports";
import type { ImageFile } from "../core/values";

const vendors = ["openmoji", "noto", "twemoji", "fluent"] as const;
type Vendor = (typeof vendors)[number];

interface Concept {
  slug: string;
  name: string;
  keywords: string;
  group: string;
  hexcode: string;
}
interface IconSet {
  icons: Record<string, { body: string; hidden?: boolean }>;
  aliases?: Record<string, { parent: string }>;
  width: number;
  height: number;
}

export const emoji = defineNode({
  type: "data.emoji",
  title: "Emoji drawings",
  description:
    "Emoji drawn by four vendors, with name, keywords and group: real image–text pairs that need no download.",
  synonyms: ["toy dataset"],
  docs: `One row per concept and vendor, ordered by concept. Texts are Unicode's: the annotation, the CLDR keywords
and the group, as OpenMoji 17 lists them; a drawing belongs to a concept when its name in the vendor's set is the
concept's name. To measure generalization, train on some vendors and test on another, or hold out concepts: *held-out*
concepts are a fixed share, drawn by the seed, the same whatever the vendors. Concepts of which some vendor has one
and the same drawing, such as “student” and “man student” of OpenMoji, are held out together.

Drawings: OpenMoji (CC BY-SA 4.0), Noto Emoji (Apache 2.0), Twemoji (CC BY 4.0), Fluent Emoji flat (MIT), the latter
three from Iconify's sets.`,
  version: 2, // since 2, equal drawings are held out together
  inputs: {},
  outputs: {
    image: port.image({ shape: ["N", "*", "*"], doc: "The drawings, as SVG." }),
    name: port.text({ shape: ["N"], doc: "The annotation, such as “red apple”." }),
    keywords: port.text({ shape: ["N"], doc: "Words that describe it, separated by commas." }),
    group: port.text({ shape: ["N"], doc: "One of Unicode's ten groups, such as “food-drink”." }),
    vendor: port.text({ shape: ["N"], doc: "Who drew it." }),
  },
  params: {
    vendors: z
      .array(z.enum(vendors))
      .min(1)
      .default(["openmoji", "noto", "twemoji"])
      .meta({ label: "Vendors", widget: "multiselect" }),
    split: z.enum(["all", "train", "held-out"]).default("all").meta({
      label: "Concepts",
      description: "Which part of the concepts: all, those to train on, or those held out.",
    }),
    heldOut: z
      .number()
      .min(0)
      .max(0.9)
      .default(0)
      .meta({ label: "Held-out share", description: "Share of the concepts that is held out." }),
    complete: z.boolean().default(false).meta({
      label: "Only concepts drawn by all four",
      description: "Keeps concepts of which every vendor has a drawing.",
    }),
    limit: z.int().min(0).max(20_000).default(0).meta({ label: "At most", unit: "rows", description: "0 takes all." }),
    seed: z
      .int()
      .min(0)
      .default(0)
      .meta({ widget: "seed", advanced: true, description: "Draws the held-out concepts." }),
  },
  async run({ host, params }) {
    const rows = await chosenRows(host, params);
    if (!rows.length)
      throw Object.assign(new Error("No drawing is left with these settings."), {
        hint: "Choose more vendors, another split, or a larger held-out share.",
      });
    const concepts = rows.map((row) => row.concept);
    return {
      image: { files: await importDrawings(host, rows) },
      name: concepts.map(({ name }) => name),
      keywords: concepts.map(({ keywords }) => keywords),
      group: concepts.map(({ group }) => group),
      vendor: rows.map(({ vendor }) => vendor),
    };
  },
});

/** A vendor's drawing of a concept. */
interface Row {
  concept: Concept;
  vendor: Vendor;
  read: () => Promise<Uint8Array>;
}

interface Choice {
  vendors: Vendor[];
  split: "all" | "train" | "held-out";
  heldOut: number;
  complete: boolean;
  limit: number;
  seed: number;
}

async function chosenRows(host: Host, choice: Choice): Promise<Row[]> {
  const concepts = await readConcepts(host);
  const drawings = new Map<Vendor, Drawings>();
  for (const vendor of vendors) drawings.set(vendor, await drawingsOf(host, vendor));
  const isChosen = await splitOf(host, choice, concepts, [...drawings.values()]);
  const rows = concepts.filter(isChosen).flatMap((concept) => {
    const drawn = vendors.flatMap((vendor): Row[] => {
      const read = drawings.get(vendor)?.(concept.slug, concept.hexcode);
      return read ? [{ concept, vendor, read }] : [];
    });
    if (choice.complete && drawn.length < vendors.length) return [];
    return drawn.filter(({ vendor }) => choice.vendors.includes(vendor));
  });
  return choice.limit > 0 ? rows.slice(0, choice.limit) : rows;
}

/** Says of a concept whether it is in the chosen part. */
async function splitOf(
  host: Host,
  { split, heldOut, seed }: Choice,
  concepts: readonly Concept[],
  drawings: readonly Drawings[],
): Promise<(concept: Concept) => boolean> {
  if (split === "all") return () => true;
  const draw = host.random("held-out", seed);
  const drawn = new Map(concepts.map(({ slug }) => [slug, draw.uniform() < heldOut]));
  const first = await firstOfEqual(concepts, drawings);
  return ({ slug }) => drawn.get(first.get(slug) ?? slug) === (split === "held-out");
}

const importedAtOnce = 256;
async function importDrawings(host: Host, rows: readonly Row[]): Promise<ImageFile[]> {
  const files: ImageFile[] = [];
  for (let start = 0; start < rows.length; start += importedAtOnce) {
    const some = rows.slice(start, start + importedAtOnce);
    const imported = some.map(async ({ concept, read }) => host.importImage(await read(), concept.name));
    files.push(...(await Promise.all(imported)));
    host.progress(files.length, rows.length, "drawings");
  }
  return files;
}

/** An emoji as OpenMoji lists it. */
interface ListedEmoji {
  annotation: string;
  tags: string;
  openmoji_tags: string;
  group: string;
  hexcode: string;
  skintone: string | number;
}

/** Unicode's emoji without skin tones, in Unicode's order. */
async function readConcepts(host: Host): Promise<Concept[]> {
  const list = await parse<ListedEmoji[]>(host, "openmoji", "data/openmoji.json");
  const concepts = new Map<string, Concept>();
  for (const listed of list) {
    const isPart = listed.group === "component" || listed.group.startsWith("extras");
    const slug = slugOf(listed.annotation);
    if (listed.skintone !== "" || isPart || concepts.has(slug)) continue;
    const keywords = [...new Set(listOf(`${listed.tags}, ${listed.openmoji_tags}`))].join(", ");
    concepts.set(slug, { slug, name: listed.annotation, keywords, group: listed.group, hexcode: listed.hexcode });
  }
  return [...concepts.values()];
}

const parse = async <T>(host: Host, name: string, path: string): Promise<T> =>
  JSON.parse(new TextDecoder().decode(await host.packageFile(name, path))) as T;

const slugOf = (name: string): string =>
  name
    .normalize("NFD")
    .replace(/[\u0300-\u036f’']/g, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");

type Drawings = (slug: string, hexcode: string) => (() => Promise<Uint8Array>) | undefined;

/** For each concept the first one with which it shares a drawing of some vendor, directly or through others. */
async function firstOfEqual(concepts: readonly Concept[], vendors: readonly Drawings[]): Promise<Map<string, string>> {
  const parent = new Map(concepts.map(({ slug }) => [slug, slug]));
  const find = (slug: string): string => (parent.get(slug) === slug ? slug : find(parent.get(slug) as string));
  for (const drawingOf of vendors) {
    const owners = new Map<string, string>();
    for (const { slug, hexcode } of concepts) {
      const bytes = await drawingOf(slug, hexcode)?.();
      if (!bytes) continue;
      const drawing = new TextDecoder().decode(bytes);
      const owner = owners.get(drawing);
      if (owner === undefined) owners.set(drawing, slug);
      else parent.set(find(slug), find(owner));
    }
  }
  return new Map(concepts.map(({ slug }) => [slug, find(slug)]));
}

/** Finds a vendor's drawing of a concept; the result reads it. */
async function drawingsOf(host: Host, vendor: Vendor): Promise<Drawings> {
  if (vendor === "openmoji") return (_, hexcode) => () => host.packageFile("openmoji", `color/svg/${hexcode}.svg`);
  const name = vendor === "fluent" ? "fluent-emoji-flat" : vendor;
  const set = await parse<IconSet>(host, `@iconify-json/${name}`, "icons.json");
  return (slug) => {
    const icon = set.icons[slug] ?? set.icons[set.aliases?.[slug]?.parent ?? ""];
    return icon && (async () => new TextEncoder().encode(svgOf(icon.body, set)));
  };
}

function svgOf(body: string, { width, height }: IconSet): string {
  const spaces = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"';
  return `<svg ${spaces} width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${body}</svg>`;
}
