/** Registries of templates that this installation is subscribed to. Their indexes are kept, and read again in time. */
import type { Actor } from "../access/actor";
import { must } from "../access/may";
import type { Db } from "../db";
import { toPublic } from "../errors";
import { notFound } from "../not-found";
import { sha256 } from "../storage/blobs";
import { newestOf, type RegistryEntry, registryIndex } from "./index-file";
import { allowedRegistry, readIndex } from "./source";

/** After so long an index is read again, in milliseconds. */
const freshFor = 30 * 60_000;

export interface SubscribedRegistry {
  id: string;
  address: string;
  title: string;
  templates: number;
  readAt: Date | null;
  /** Why it could not be read the last time. */
  error: string | null;
}

export async function listRegistries(db: Db): Promise<SubscribedRegistry[]> {
  const rows = await db.templateRegistry.findMany({ orderBy: { createdAt: "asc" } });
  return rows.map(({ index, createdAt: _, ...row }) => ({ ...row, templates: entriesOf(index).length }));
}

/** Subscribes to a registry, which is read at once; the operator's business. */
export async function subscribe(db: Db, actor: Actor, address: string): Promise<{ id: string }> {
  await must(db, actor, "operate", { kind: "installation" });
  const allowed = await allowedRegistry(address);
  const index = await readIndex(allowed);
  const data = { title: index.title, index, readAt: new Date(), error: null };
  const row = {
    where: { address: allowed },
    create: { id: idOf(allowed), address: allowed, ...data },
    update: data,
  };
  return db.templateRegistry.upsert({ ...row, select: { id: true } });
}

/** The same each time: a registry that is subscribed to again knows the templates that were taken from it before. */
function idOf(address: string): string {
  const hex = sha256(`registry ${address}`);
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    "-",
  );
}

/** What was made of its templates stays. */
export async function unsubscribe(db: Db, actor: Actor, id: string): Promise<void> {
  await must(db, actor, "operate", { kind: "installation" });
  const { count } = await db.templateRegistry.deleteMany({ where: { id } });
  if (!count) throw notFound("This registry");
}

/** Reads the indexes that are older than they should be. One that cannot be read keeps what it had, with the reason. */
export async function refreshRegistries(db: Db, age = freshFor): Promise<void> {
  const old = new Date(Date.now() - age);
  const due = { OR: [{ readAt: null }, { readAt: { lte: old } }] };
  const rows = await db.templateRegistry.findMany({ where: due, select: { id: true, address: true } });
  await Promise.all(rows.map((row) => refresh(db, row)));
}

async function refresh(db: Db, { id, address }: { id: string; address: string }): Promise<void> {
  const read = await readIndex(address).then(
    (index) => ({ title: index.title, index, error: null }),
    (error) => ({ error: toPublic(error).message }),
  );
  // It may have been given up meanwhile.
  await db.templateRegistry.updateMany({ where: { id }, data: { ...read, readAt: new Date() } });
}

export interface RegistryCard extends Omit<RegistryEntry, "file" | "sha256"> {
  registry: { id: string; title: string };
}

/** The newest version of each template of all registries. */
export async function registryCards(db: Db): Promise<RegistryCard[]> {
  const rows = await db.templateRegistry.findMany({ orderBy: { createdAt: "asc" } });
  return rows.flatMap(({ id, title, index }) =>
    entriesOf(index).map(({ file: _file, sha256: _sha256, ...entry }) => ({ ...entry, registry: { id, title } })),
  );
}

/** What the index of a registry says of a template: its newest version. Nothing where either is not there. */
export async function newestInRegistry(db: Db, registry: string, template: string) {
  const row = await db.templateRegistry.findUnique({ where: { id: registry } });
  const entry = row && entriesOf(row.index).find(({ id }) => id === template);
  return row && entry ? { address: row.address, title: row.title, entry } : undefined;
}

/** Stored JSON as the newest entries of an index. */
function entriesOf(index: unknown): RegistryEntry[] {
  const { data } = registryIndex.safeParse(index);
  return data ? newestOf(data) : [];
}
