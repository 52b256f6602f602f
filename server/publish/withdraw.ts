import type { Actor } from "../access/actor";
import { must } from "../access/may";
import type { Db } from "../db";
import { notFound } from "../not-found";
import type { visibilities } from "./publish";

/** Takes a template out of the gallery. Graphs that were made of it stay, and still say where they came from. */
export async function withdraw(db: Db, actor: Actor, id: string): Promise<void> {
  await must(db, actor, "share", { kind: "template", id });
  const { count } = await db.template.updateMany({ where: { id }, data: { withdrawnAt: new Date() } });
  if (!count) throw notFound("This template");
}

interface Shown {
  id: string;
  visibility: (typeof visibilities)[number];
}

/** Who finds it: its team, or everybody here. */
export async function setVisibility(db: Db, actor: Actor, { id, visibility }: Shown): Promise<void> {
  await must(db, actor, "share", { kind: "template", id });
  const { count } = await db.template.updateMany({ where: { id, registryId: null }, data: { visibility } });
  if (!count) throw notFound("This template");
}
