/** How the things of the log of changes are called: its lines hold ids alone, and names change. */
import type { Db } from "../db";

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Names by id, of those that are still there. */
export async function namesIn(db: Db, details: readonly Record<string, unknown>[]): Promise<Record<string, string>> {
  const values = details.flatMap((detail) => Object.values(detail).flat());
  const ids = [...new Set(values.filter((value): value is string => typeof value === "string" && uuid.test(value)))];
  if (!ids.length) return {};
  const where = { id: { in: ids } };
  const named = { where, select: { id: true, name: true } } as const;
  const titled = { where, select: { id: true, title: true } } as const;
  const found = await Promise.all([
    db.graph.findMany(named),
    db.run.findMany(named),
    db.sweep.findMany(named),
    db.team.findMany(named),
    db.user.findMany(named),
    db.apiToken.findMany(named),
    db.secret.findMany(named),
    db.link.findMany(titled),
    db.app.findMany(titled),
    db.savedComposite.findMany(titled),
    db.graphVersion.findMany({ where, select: { id: true, label: true } }),
    templateTitles(db, ids),
  ]);
  return Object.fromEntries(found.flat().map(({ id, ...called }) => [id, Object.values(called).join()]));
}

/** A template is called as its newest version. */
async function templateTitles(db: Db, ids: string[]): Promise<{ id: string; title: string }[]> {
  const versions = await db.templateVersion.findMany({
    where: { templateId: { in: ids } },
    orderBy: { number: "asc" },
    select: { templateId: true, title: true },
  });
  return versions.map(({ templateId, title }) => ({ id: templateId, title }));
}
