/**
 * The index of a registry of templates: what bundles lie beside it. `npm run -s patchbay -- registry FOLDER` writes it.
 */
import * as z from "zod";
import { bundleAbout } from "../bundles/manifest";

export const indexName = "index.json";
export const mostIndexBytes = 4 * 2 ** 20;

export const registryEntry = z.object({
  /** The template's id, and the version of it that the bundle is. */
  id: z.uuid(),
  version: z.int().min(1),
  ...bundleAbout.shape,
  /** A plain file name beside the index. */
  file: z.string().regex(/^[\w][\w .()-]{0,180}\.patchbay$/, "a file name that ends in .patchbay"),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z.int().min(1),
});
export type RegistryEntry = z.output<typeof registryEntry>;

export const registryIndex = z.object({
  patchbay: z.literal("registry"),
  schema: z.literal(1),
  title: z.string().trim().min(1).max(200),
  templates: z.array(registryEntry).max(2000),
});
export type RegistryIndex = z.output<typeof registryIndex>;

/** Of each template the newest version. */
export function newestOf({ templates }: RegistryIndex): RegistryEntry[] {
  const newest = new Map<string, RegistryEntry>();
  for (const entry of templates) {
    if ((newest.get(entry.id)?.version ?? 0) < entry.version) newest.set(entry.id, entry);
  }
  return [...newest.values()];
}
