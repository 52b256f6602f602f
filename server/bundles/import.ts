import type { Actor } from "../access/actor";
import { type BroughtFile, recordFiles, refuseBeyondRoom } from "../access/files";
import { madeBy } from "../access/working-team";
import type { Db } from "../db";
import type { Origin } from "../graphs/origin";
import type { Blobs } from "../storage/blobs";
import type { BundleManifest } from "./manifest";
import { openBundle } from "./open";
import { withFilesStored } from "./store";

export interface Imported extends Pick<BundleManifest, "missing" | "hub"> {
  /** The new graph. */
  id: string;
}

/**
 * Makes a graph of a bundle, whole or not at all: its files first, then the graph, which is the team's that is named or
 * that the actor works in. Nothing of it runs.
 */
export async function importBundle(db: Db, blobs: Blobs, actor: Actor, path: string, team?: string): Promise<Imported> {
  const bundle = await openBundle(path);
  try {
    const { document, manifest } = bundle;
    const { name, description } = document;
    const owner = await madeBy(db, actor, team);
    await refuseBeyondRoom(db, owner, filesIn(manifest));
    const { id } = await withFilesStored(bundle, blobs, () =>
      db.$transaction(async (tx) => {
        await recordFiles(tx, owner, filesIn(manifest));
        const data = { ...owner, ...originOf(manifest), name, description, document };
        return tx.graph.create({ data, select: { id: true } });
      }),
    );
    return { id, missing: manifest.missing, hub: manifest.hub };
  } finally {
    bundle.close();
  }
}

/** The files that a bundle holds, as the team has them then. */
export function filesIn({ entries }: BundleManifest): BroughtFile[] {
  return entries.flatMap((entry) =>
    "name" in entry ? [{ ref: entry.sha256, bytes: entry.bytes, name: entry.name }] : [],
  );
}

const originOf = ({ template }: BundleManifest): Origin =>
  template ? { originTemplateId: template.id, originTemplateVersion: template.version } : {};
