import type { Actor } from "../access/actor";
import { must } from "../access/may";
import { defaultTeam } from "../access/working-team";
import { filesIn } from "../bundles/import";
import { type OpenedBundle, openBundle } from "../bundles/open";
import { withSpooled } from "../bundles/spool";
import { withFilesStored } from "../bundles/store";
import type { Db } from "../db";
import { Failure } from "../errors";
import { notFound } from "../not-found";
import { needsOf } from "../publish/needs";
import type { Blobs } from "../storage/blobs";
import type { RegistryEntry } from "./index-file";
import { newestInRegistry } from "./registries";
import { openRegistryFile } from "./source";

/**
 * Takes the newest version of a registry's template in, so that graphs can be made of it: its bundle is read, compared
 * with the index, and checked as every bundle is. Gives the version; one that is here already is not read again.
 */
export async function takeFromRegistry(
  db: Db,
  blobs: Blobs,
  actor: Actor,
  wish: { registry: string; template: string },
): Promise<{ id: string; number: number }> {
  await must(db, actor, "see", { kind: "installation" });
  const found = await newestInRegistry(db, wish.registry, wish.template);
  if (!found) throw notFound("This template");
  const { address, entry } = found;
  const { id, version: number } = entry;
  await refuseTaken(db, id, wish.registry);
  const known = await db.templateVersion.count({ where: { templateId: id, number } });
  if (known) return { id, number };
  const source = await openRegistryFile(address, entry.file);
  await withSpooled(
    source,
    blobs,
    (path, sha256) => takeBundle(db, blobs, { ...wish, path, sha256, entry }),
    entry.bytes,
  );
  return { id, number };
}

/** An id that a template of this installation, or of another registry, has: nobody else's bundle takes its place. */
async function refuseTaken(db: Db, id: string, registry: string): Promise<void> {
  const template = await db.template.findUnique({ where: { id }, select: { registryId: true } });
  if (!template || template.registryId === registry) return;
  throw new Failure({
    message: "This Patchbay has a template of the same id from elsewhere.",
    hint: "Use that one; it is in the gallery.",
  });
}

interface Taken {
  registry: string;
  path: string;
  sha256: string;
  entry: RegistryEntry;
}

async function takeBundle(db: Db, blobs: Blobs, { registry, path, sha256, entry }: Taken): Promise<void> {
  if (sha256 !== entry.sha256) throw otherThanIndexed;
  const bundle = await openBundle(path);
  try {
    const { template } = bundle.manifest;
    if (template?.id !== entry.id || template.version !== entry.version) throw otherThanIndexed;
    const picture = bundle.picture && (await blobs.put(bundle.picture));
    await withFilesStored(bundle, blobs, () => addVersion(db, registry, bundle, picture));
  } finally {
    bundle.close();
  }
}

const otherThanIndexed = new Failure({
  message: "The bundle is not what the registry's index says.",
  hint: "Nothing of it was kept. Tell whoever keeps the registry.",
});

async function addVersion(db: Db, registry: string, bundle: OpenedBundle, picture?: string): Promise<void> {
  const { manifest, document } = bundle;
  const { title, text, tags, licence, form, measured, template } = manifest;
  const { id, version: number, changes = "" } = template as NonNullable<typeof template>;
  const files = filesIn(manifest);
  const content = {
    templateId: id,
    number,
    ...{ title, text, tags, licence, changes, document, form: form ?? { groups: [], outputs: [] } },
    needs: needsOf(document, { files, measured }),
    files: files.map((file) => ({ ...file })),
    picture: picture ?? null,
  };
  await db.$transaction(async (tx) => {
    const create = { id, teamId: defaultTeam, registryId: registry, visibility: "everyone", newest: number } as const;
    const { newest } = await tx.template.upsert({ where: { id }, create, update: {}, select: { newest: true } });
    await tx.templateVersion.create({ data: content });
    await tx.template.update({ where: { id }, data: { newest: Math.max(newest, number) } });
  });
}
