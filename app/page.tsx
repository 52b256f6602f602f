import type { GraphDocument } from "#nodes/graph/document";
import { parseDocument } from "#nodes/graph/parse";
import { db } from "#server/db";
import { listTemplates, readTemplate } from "#server/templates";
import { GraphPicture, TemplatePicture } from "./_start/picture";
import { StartPage } from "./_start/start-page";
import { ResultPicture } from "./_start/result-picture";
import type { TemplateEntry } from "./_start/template-cards";
import { factsOf, publishedGroup } from "./_start/template-facts";

export const dynamic = "force-dynamic";

export default async function Page() {
  const [shipped, published] = await Promise.all([shippedTemplates(), publishedTemplates()]);
  return <StartPage templates={[...shipped, ...published]} />;
}

async function shippedTemplates(): Promise<TemplateEntry[]> {
  const templates = await listTemplates();
  return Promise.all(
    templates.map(async (template) => ({
      ...template,
      ...factsOf((await readTemplate(template.id)) as GraphDocument),
      key: template.id,
      source: { template: template.id },
      picture: (
        <ResultPicture id={template.id}>
          <TemplatePicture id={template.id} />
        </ResultPicture>
      ),
    })),
  );
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
      ...factsOf(document),
      group: publishedGroup,
      trains: false,
      source: { from: id },
      picture: (
        <div className="h-full p-3">
          <GraphPicture document={document} />
        </div>
      ),
    };
    return [entry];
  });
}
