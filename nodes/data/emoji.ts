import * as z from "zod";
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
    const [concepts, drawings] = await Promise.all([
      readConcepts(host),
      Promise.all(vendors.map(async (vendor) => [vendor, await drawingsOf(host, vendor)] as const)),
    ]);
    const has = new Map(drawings);
    const draw = host.random("held-out", params.seed);
    const drawn = new Map(concepts.map(({ slug }) => [slug, draw.uniform() < params.heldOut]));
    const first = params.split === "all" ? new Map<string, string>() : await firstOfEqual(concepts, [...has.values()]);
    const isHeldOut = (slug: string) => drawn.get(first.get(slug) ?? slug);
    const wanted = concepts.filter(
      ({ slug, hexcode }) =>
        (params.split === "all" || isHeldOut(slug) === (params.split === "held-out")) &&
        (!params.complete || vendors.every((v) => has.get(v)?.(slug, hexcode))),
    );
    const pairs = wanted.flatMap((concept) =>
      vendors
        .filter((v) => params.vendors.includes(v))
        .flatMap((vendor) => {
          const read = has.get(vendor)?.(concept.slug, concept.hexcode);
          return read ? [{ concept, vendor, read }] : [];
        }),
    );
    const rows = params.limit > 0 ? pairs.slice(0, params.limit) : pairs;
    if (!rows.length)
      throw Object.assign(new Error("No drawing is left with these settings."), {
        hint: "Choose more vendors, another split, or a larger held-out share.",
      });
    const files: ImageFile[] = [];
    for (let i = 0; i < rows.length; i += 256) {
      files.push(
        ...(await Promise.all(
          rows.slice(i, i + 256).map(async ({ concept, read }) => host.importImage(await read(), concept.name)),
        )),
      );
      host.progress(files.length, rows.length, "drawings");
    }
    const texts = (of: (row: (typeof rows)[number]) => string) => rows.map(of);
    return {
      image: { files },
      name: texts((r) => r.concept.name),
      keywords: texts((r) => r.concept.keywords),
      group: texts((r) => r.concept.group),
      vendor: texts((r) => r.vendor),
    };
  },
});

const slugOf = (name: string): string =>
  name
    .normalize("NFD")
    .replace(/[̀-ͯ’']/g, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
const parse = async <T>(host: Host, name: string, path: string): Promise<T> =>
  JSON.parse(new TextDecoder().decode(await host.packageFile(name, path))) as T;

/** Unicode's emoji without skin tones, in Unicode's order. */
async function readConcepts(host: Host): Promise<Concept[]> {
  const list = await parse<
    {
      annotation: string;
      tags: string;
      openmoji_tags: string;
      group: string;
      hexcode: string;
      skintone: string | number;
    }[]
  >(host, "openmoji", "data/openmoji.json");
  const seen = new Set<string>();
  return list
    .filter((e) => e.skintone === "" && !e.group.startsWith("extras") && e.group !== "component")
    .flatMap(({ annotation, tags, openmoji_tags, group, hexcode }) => {
      const slug = slugOf(annotation);
      if (seen.has(slug)) return [];
      seen.add(slug);
      const keywords = [
        ...new Set(
          `${tags}, ${openmoji_tags}`
            .split(",")
            .map((t) => t.trim())
            .filter(Boolean),
        ),
      ].join(", ");
      return [{ slug, name: annotation, keywords, group, hexcode }];
    });
}

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
  const {
    icons,
    aliases = {},
    width,
    height,
  } = await parse<IconSet>(host, `@iconify-json/${vendor === "fluent" ? "fluent-emoji-flat" : vendor}`, "icons.json");
  return (slug) => {
    const icon = icons[slug] ?? icons[aliases[slug]?.parent ?? ""];
    return (
      icon &&
      (async () =>
        new TextEncoder().encode(
          `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${icon.body}</svg>`,
        ))
    );
  };
}
