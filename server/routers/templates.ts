import "server-only";
import { listTemplates } from "../templates";
import { nodeCounts } from "../graphs/node-counts";
import { procedure, router } from "./trpc";

export const templates = router({
  /** What ships with Patchbay, then what was published here. */
  list: procedure.query(async ({ ctx }) => {
    const published = await ctx.db.graph.findMany({
      where: { deletedAt: null, publishedAt: { not: null } },
      orderBy: { publishedAt: "desc" },
      take: 100,
      select: { id: true, name: true, description: true },
    });
    const nodes = await nodeCounts(ctx.db, published);
    return {
      shipped: await listTemplates(),
      published: published.map((graph) => ({ ...graph, nodes: nodes.get(graph.id) ?? 0 })),
    };
  }),
});
