/** Newer versions that a registry has of the templates which graphs are made of: told, and taken in when wanted. */
import type { Actor } from "../access/actor";
import { must } from "../access/may";
import type { Db } from "../db";
import { notFound } from "../not-found";
import type { Blobs } from "../storage/blobs";
import { newestInRegistry, refreshRegistries } from "./registries";
import { takeFromRegistry } from "./take";

export interface RegistryUpdate {
  /** Of the template. */
  number: number;
  /** Bytes of its bundle. */
  bytes: number;
  registry: { id: string; title: string };
}

/**
 * The version of a graph's template that its registry has and this installation has not: what is here already is told
 * of as of every template. An index that is old is read again meanwhile, for whoever asks next.
 */
export async function registryUpdateOf(db: Db, actor: Actor, graphId: string): Promise<RegistryUpdate | undefined> {
  await must(db, actor, "see", { kind: "graph", id: graphId });
  const template = await templateOf(db, graphId);
  if (!template?.registryId) return undefined;
  void refreshRegistries(db).catch(() => {});
  const found = await newestInRegistry(db, template.registryId, template.id);
  if (!found || found.entry.version <= template.newest) return undefined;
  const { entry, title } = found;
  return { number: entry.version, bytes: entry.bytes, registry: { id: template.registryId, title } };
}

/** Takes that version in, checked as every bundle is: what it changes in the graph can be looked at then. */
export async function takeRegistryUpdate(
  db: Db,
  blobs: Blobs,
  actor: Actor,
  graphId: string,
): Promise<{ id: string; number: number }> {
  await must(db, actor, "change", { kind: "graph", id: graphId });
  const update = await registryUpdateOf(db, actor, graphId);
  const template = await templateOf(db, graphId);
  if (!update || !template) throw notFound("This update");
  return takeFromRegistry(db, blobs, actor, { registry: update.registry.id, template: template.id });
}

async function templateOf(db: Db, graphId: string) {
  const graph = await db.graph.findFirst({
    where: { id: graphId, deletedAt: null },
    select: { originTemplateId: true },
  });
  if (!graph?.originTemplateId) return null;
  return db.template.findFirst({
    where: { id: graph.originTemplateId, withdrawnAt: null },
    select: { id: true, newest: true, registryId: true },
  });
}
