import "server-only";
import { must } from "../access/may";
import { visible } from "../access/visible";
import { listTemplates } from "../templates";
import { outlinesOf } from "../graphs/outline";
import { procedure, router } from "./trpc";

export const templates = router({
  /** What ships with Patchbay, then what was published here. */
  list: procedure.query(async ({ ctx }) => {
    await must(ctx.db, ctx.actor, "see", { kind: "graph" });
    const published = await ctx.db.graph.findMany({
      where: { deletedAt: null, publishedAt: { not: null }, ...visible(ctx.actor).graph },
      orderBy: { publishedAt: "desc" },
      take: 100,
      select: { id: true, name: true, description: true },
    });
    const outlines = await outlinesOf(ctx.db, published);
    return {
      shipped: await listTemplates(),
      published: published.flatMap((graph) => {
        const { nodes, broken } = outlines.get(graph.id) ?? { nodes: 0 };
        return broken === undefined ? [{ ...graph, nodes }] : [];
      }),
    };
  }),
});
