/** Of which template a graph was made. */
import type { Actor } from "../access/actor";
import { may } from "../access/may";
import type { Db } from "../db";
import { readTemplate } from "../templates";

/** A template that ships has a name, and no versions. */
export interface TemplateOrigin {
  id?: string;
  title: string;
  /** The version that the graph was made of, or was brought to since. */
  number?: number;
  /** The newest version, where it is another one. */
  update?: number;
}

interface MadeGraph {
  document: unknown;
  originTemplateId: string | null;
  originTemplateVersion: number | null;
}

/** As far as whoever asks may see it. */
export async function templateOrigin(db: Db, actor: Actor, graph: MadeGraph): Promise<TemplateOrigin | undefined> {
  const { originTemplateId: id, originTemplateVersion: number } = graph;
  if (id === null || number === null) return shippedOrigin(graph.document);
  if (!(await may(db, actor, "see", { kind: "template", id }))) return undefined;
  const template = await db.template.findUnique({
    where: { id },
    select: { newest: true, withdrawnAt: true, versions: { orderBy: { number: "desc" }, take: 1 } },
  });
  if (!template) return undefined;
  const isNewer = template.newest > number && template.withdrawnAt === null;
  const title = template.versions[0]?.title ?? "";
  return { id, title, number, ...(isNewer ? { update: template.newest } : {}) };
}

async function shippedOrigin(document: unknown): Promise<TemplateOrigin | undefined> {
  const { template } = (document ?? {}) as { template?: unknown };
  const shipped = typeof template === "string" ? await readTemplate(template) : undefined;
  return shipped && { title: shipped.name };
}
