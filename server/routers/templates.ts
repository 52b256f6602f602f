import "server-only";
import { listTemplates } from "../templates";
import { procedure, router } from "./trpc";

export const templates = router({
  /** What ships with Patchbay, then what was published here. */
  list: procedure.query(async ({ ctx }) => ({
    shipped: await listTemplates(),
    published: (await ctx.db.graph.findMany({ where: { deletedAt: null, publishedAt: { not: null } }, orderBy: { publishedAt: "desc" }, take: 100 })).map(({ id, name, description, document }) => ({ id, name, description, nodes: Object.keys((document as { nodes?: object })?.nodes ?? {}).length })),
  })),
});
