import { parseDocument } from "#nodes/graph/parse";
import { db } from "#server/db";
import { listTemplates } from "#server/templates";
import { GraphPicture, TemplatePicture } from "./_start/picture";
import { StartPage } from "./_start/start-page";
import type { TemplateEntry } from "./_start/template-cards";

export const dynamic = "force-dynamic";

export default async function Page() {
  const [shipped, published] = await Promise.all([shippedTemplates(), publishedTemplates()]);
  return <StartPage templates={[...shipped, ...published]} />;
}

async function shippedTemplates(): Promise<TemplateEntry[]> {
  const templates = await listTemplates();
  return templates.map((template) => ({
    ...template,
    key: template.id,
    source: { template: template.id },
    picture: <TemplatePicture id={template.id} />,
  }));
}

/** Graphs of people here, newest first; none while the database is away, since the page has more to show. */
async function publishedTemplates(): Promise<TemplateEntry[]> {
  const graphs = await db()
    .graph.findMany({
      where: { deletedAt: null, publishedAt: { not: null } },
      orderBy: { publishedAt: "desc" },
      take: 24,
    })
    .catch(() => []);
  return graphs.flatMap(({ id, name, description, document: stored }) => {
    const { document } = parseDocument(stored);
    if (!document) return [];
    const entry = {
      key: id,
      name,
      description: description || "Published here.",
      nodes: Object.keys(document.nodes).length,
      trains: false,
      source: { from: id },
      picture: <GraphPicture document={document} />,
    };
    return [entry];
  });
}
