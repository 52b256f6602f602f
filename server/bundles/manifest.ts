/**
 * A bundle is one file, NAME.patchbay: a zip whose entries have fixed names, and a manifest that lists them. No name in
 * it is ever used as a path. `manifest.json` says what it is and what each entry has to be, `graph.json` is the
 * document, `picture` is shown for it, and `files/SHA256` are the files that the document refers to.
 */
import * as z from "zod";
import { cleanText } from "#models/files/text";
import { publishedForm } from "#nodes/graph/published-form";

export const bundleEnding = ".patchbay";
export const bundleSchema = 1;

export const bundleLimits = {
  entries: 12_000,
  manifestBytes: 8 * 2 ** 20,
  pictureBytes: 4 * 2 ** 20,
  /** What is inflated may have so many bytes, and so many times those of the archive. */
  inflatedBytes: 100 * 2 ** 20,
  inflation: 20,
};

export const entryNames = { manifest: "manifest.json", graph: "graph.json", picture: "picture" } as const;
export const filePath = (ref: string): string => `files/${ref}`;

const ref = z.string().regex(/^[0-9a-f]{64}$/);
const words = (most: number) => z.string().trim().max(most).overwrite(cleanText);
export const tag = words(40).min(1);

/** What somebody says of a template or a bundle. */
export const bundleAbout = z.object({
  title: words(200).min(1),
  text: words(5000).default(""),
  tags: z.array(tag).max(12).default([]),
  /** An SPDX name, or words. */
  licence: words(100).default(""),
});
export type BundleAbout = z.output<typeof bundleAbout>;

/** What a file is: a value that a run made, which stays pinned, is an artifact. */
export const fileKinds = ["upload", "tokenizer", "weights", "artifact"] as const;
export type FileKind = (typeof fileKinds)[number];

const bytes = z.int().min(0);
const entry = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("graph"), path: z.literal(entryNames.graph), sha256: ref, bytes }),
  z.object({ kind: z.literal("picture"), path: z.literal(entryNames.picture), sha256: ref, bytes }),
  z.object({
    kind: z.enum(fileKinds),
    path: z.string().regex(/^files\/[0-9a-f]{64}$/),
    sha256: ref,
    bytes,
    name: words(512),
    licence: words(100).optional(),
  }),
]);
export type BundleEntry = z.output<typeof entry>;

/** A file that the graph refers to, and that was left out. */
const missingFile = z.object({ ref, name: words(512), bytes: bytes.optional() });

/** What a run of it took. */
export const measuredRun = z.object({
  seconds: z.number().min(0),
  /** The most memory in bytes, where it was measured. */
  memory: bytes.optional(),
  cores: z.int().min(1).optional(),
});
export type MeasuredRun = z.output<typeof measuredRun>;

export const bundleManifest = z.object({
  patchbay: z.literal("bundle"),
  schema: z.literal(bundleSchema),
  ...bundleAbout.shape,
  entries: z.array(entry).min(1).max(bundleLimits.entries),
  missing: z.array(missingFile).max(bundleLimits.entries).default([]),
  /** Models of the Hugging Face hub, which are not in it. */
  hub: z
    .array(z.object({ model: words(200), revision: words(200) }))
    .max(1000)
    .default([]),
  form: publishedForm.optional(),
  measured: measuredRun.optional(),
  /** The template that it is, so that a later bundle of it is known for an update; and what is new in that. */
  template: z.object({ id: z.uuid(), version: z.int().min(1), changes: words(2000).optional() }).optional(),
});
export type BundleManifest = z.output<typeof bundleManifest>;
