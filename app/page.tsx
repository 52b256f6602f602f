import { db } from "#server/db";
import { listTemplates } from "#server/templates";
import { GraphPicture, TemplatePicture } from "./_start/picture";
import { StartPage } from "./_start/start-page";
import type { GraphDocument } from "#nodes/graph/document";

export const dynamic = "force-dynamic";

export default async function Page() {
  const [shipped, published] = await Promise.all([
    listTemplates(),
    db()
      .graph.findMany({
        where: { deletedAt: null, publishedAt: { not: null } },
        orderBy: { publishedAt: "desc" },
        take: 24,
      })
      .catch(() => []),
  ]);
  return (
    <StartPage
      templates={[
        ...shipped.map((t) => ({
          ...t,
          key: t.id,
          source: { template: t.id },
          picture: <TemplatePicture id={t.id} />,
        })),
        ...published.map((g) => ({
          key: g.id,
          name: g.name,
          description: g.description || "Published here.",
          nodes: Object.keys((g.document as unknown as GraphDocument).nodes).length,
          trains: false,
          source: { from: g.id },
          picture: <GraphPicture document={g.document as unknown as GraphDocument} />,
        })),
      ]}
    />
  );
}
