import type { Actor } from "../access/actor";
import { type BroughtFile, recordFiles } from "../access/files";
import { roomFor } from "../access/quota";
import { madeBy } from "../access/working-team";
import type { Db } from "../db";
import { Failure } from "../errors";
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

/** Files of a bundle count as uploads do; those that the team has already take no more room. */
async function refuseBeyondRoom(
  db: Db,
  owner: { teamId: string; userId: string | null },
  files: readonly BroughtFile[],
): Promise<void> {
  const { bytes: room } = await roomFor(db, owner);
  if (sumOf(files) <= room) return;
  const refs = files.map(({ ref }) => ref);
  const known = await db.upload.findMany({
    where: { teamId: owner.teamId, ref: { in: refs } },
    select: { ref: true },
  });
  const isKnown = new Set(known.map(({ ref }) => ref));
  const more = sumOf(files.filter(({ ref }) => !isKnown.has(ref)));
  if (more <= room) return;
  throw new Failure({
    message: `The bundle's files have ${mebibytes(more)}, and there is room for ${mebibytes(room)} of uploads more.`,
    hint: "Ask for a bundle without its weights, or whoever runs this installation for more room.",
  });
}

const sumOf = (files: readonly BroughtFile[]): number => files.reduce((sum, { bytes }) => sum + bytes, 0);
const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

/** The files that a bundle holds, as the team has them then. */
export function filesIn({ entries }: BundleManifest): BroughtFile[] {
  return entries.flatMap((entry) =>
    "name" in entry ? [{ ref: entry.sha256, bytes: entry.bytes, name: entry.name }] : [],
  );
}

const originOf = ({ template }: BundleManifest): Origin =>
  template ? { originTemplateId: template.id, originTemplateVersion: template.version } : {};
