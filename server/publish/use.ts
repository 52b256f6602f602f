import { withoutPins } from "#nodes/graph/edits";
import type { Actor } from "../access/actor";
import { type BroughtFile, recordFiles } from "../access/files";
import { must } from "../access/may";
import { madeBy } from "../access/working-team";
import type { Db } from "../db";
import { checked } from "../graphs/checked";
import { notFound } from "../not-found";

interface Use {
  /** The template, and the version of it; the newest where none is named. */
  id: string;
  number?: number;
  /** The team whose the graph will be. */
  team?: string;
}

/**
 * Makes a graph of a template: a copy that remembers where it came from, with the files that it needs. Nothing of it
 * runs. Nobody may begin from one that was taken back.
 */
export async function useTemplate(db: Db, actor: Actor, { id, number, team }: Use): Promise<{ id: string }> {
  await must(db, actor, "see", { kind: "template", id });
  await must(db, actor, "change", { kind: "graph", team });
  const template = await db.template.findUnique({ where: { id }, select: { newest: true, withdrawnAt: true } });
  if (!template || template.withdrawnAt) throw notFound("This template");
  const version = await db.templateVersion.findUnique({
    where: { templateId_number: { templateId: id, number: number ?? template.newest } },
  });
  if (!version) throw notFound("This version of the template");
  const document = withoutPins(checked(version.document));
  const owner = await madeBy(db, actor, team);
  return db.$transaction(async (tx) => {
    await recordFiles(tx, owner, version.files as unknown as BroughtFile[]);
    await tx.template.update({ where: { id }, data: { uses: { increment: 1 } } });
    const origin = { originTemplateId: id, originTemplateVersion: version.number };
    const { name, description } = document;
    return tx.graph.create({ data: { ...owner, ...origin, name, description, document }, select: { id: true } });
  });
}
