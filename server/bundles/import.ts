import type { Db } from "../db";
import type { Blobs } from "../storage/blobs";
import type { BundleManifest } from "./manifest";
import { openBundle } from "./open";
import { withFilesStored } from "./store";

export interface Imported extends Pick<BundleManifest, "missing" | "hub"> {
  /** The new graph. */
  id: string;
}

/** Makes a graph of a bundle, whole or not at all: its files first, then the graph. Nothing of it runs. */
export async function importBundle(db: Db, blobs: Blobs, path: string): Promise<Imported> {
  const bundle = await openBundle(path);
  try {
    const { document, manifest } = bundle;
    const { name, description } = document;
    const { id } = await withFilesStored(bundle, blobs, () =>
      db.graph.create({ data: { name, description, document }, select: { id: true } }),
    );
    return { id, missing: manifest.missing, hub: manifest.hub };
  } finally {
    bundle.close();
  }
}
