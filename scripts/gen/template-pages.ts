/** docs/templates/: a page for each template in nodes/templates, and one that lists them. */
import { readdir, readFile } from "node:fs/promises";
import type { NodeDefinition } from "#nodes/core/node";
import { compositeOf } from "#nodes/graph/composites";
import { type GraphDocument, graphDocument } from "#nodes/graph/document";
import { root } from "../installation.mjs";
import { anchorOf } from "./markdown";
import { nodeHeading } from "./nodes-page";
import { tinyModelsFor } from "./tiny-models";
import { nodeNamed } from "./changed";
import { onRealModels, shorter } from "./template-pictures";

const folder = `${root}/nodes/templates`;

interface Template {
  id: string;
  document: GraphDocument;
}

/** Pages by their path. */
export async function templatePages(definitions: readonly NodeDefinition[]): Promise<Map<string, string>> {
  const byType = new Map(definitions.map((definition) => [definition.type, definition]));
  const templates = await readTemplates();
  return new Map([
    ["docs/templates/README.md", listPage(templates)],
    ...templates.map((template) => [`docs/templates/${template.id}.md`, templatePage(template, byType)] as const),
  ]);
}

async function readTemplates(): Promise<Template[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".json")).sort();
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(`${folder}/${name}`, "utf8");
      return { id: name.slice(0, -".json".length), document: graphDocument.parse(JSON.parse(text)) };
    }),
  );
}

function listPage(templates: readonly Template[]): string {
  const rows = templates.map(({ id, document }) => `| [${document.name}](${id}.md) | ${document.description} |`);
  return `# Templates

Written by \`npm run gen\` from \`nodes/templates\`. Each is a graph to start from: choose it on the start page, or run
it from the command line, as its page shows.

| template | what it does |
| --- | --- |
${rows.join("\n")}
`;
}

function templatePage({ id, document }: Template, byType: ReadonlyMap<string, NodeDefinition>): string {
  return `# ${document.name}

${document.description}

![${document.name}, after a run](${id}.png)

${captionOf(id, document)}

\`\`\`sh
npm run -s patchbay -- run ${id}
\`\`\`

## Nodes

${Object.keys(document.nodes).length} nodes and ${document.wires.length} wires.

${nodeTable(document.nodes, document, byType)}
${compositeSections(document, byType)}
Written by \`npm run gen\` from \`nodes/templates/${id}.json\`; the picture by \`npm run pictures\`.
[All templates](README.md)
`;
}

/** The types of some nodes, and which are of each. */
function nodeTable(
  nodes: GraphDocument["nodes"],
  document: GraphDocument,
  byType: ReadonlyMap<string, NodeDefinition>,
): string {
  const types = [...new Set(Object.values(nodes).map(({ type }) => type))].sort();
  const rows = types.map((type) => {
    const users = Object.entries(nodes).filter(([, node]) => node.type === type);
    const composite = compositeOf(document, { type });
    const shown = composite ? `[${composite.title}](#${anchorOf(composite.title)})` : nodeLink(type, byType);
    return `| ${shown} | ${users.map(([name]) => `\`${name}\``).join(", ")} |`;
  });
  return ["| type | nodes |", "| --- | --- |", ...rows].join("\n");
}

/** What lies in the template's composites. */
function compositeSections(document: GraphDocument, byType: ReadonlyMap<string, NodeDefinition>): string {
  const sections = Object.values(document.composites ?? {}).map(
    ({ title, description = "", nodes, params }) => `
## ${title}

${[description, publishedText(Object.keys(params))].filter(Boolean).join(" ")}

${nodeTable(nodes, document, byType)}
`,
  );
  return sections.join("");
}

function publishedText(names: readonly string[]): string {
  const listed = names.map((name) => `\`${name}\``).join(", ");
  return listed && `Each instance has its own ${listed}.`;
}

function nodeLink(type: string, byType: ReadonlyMap<string, NodeDefinition>): string {
  const definition = byType.get(type);
  if (!definition) throw new Error(`A template has a node of the type "${type}", and there is none.`);
  return `[${definition.title}](../nodes.md#${anchorOf(nodeHeading(definition))})`;
}

/** What the picture shows: the template's own run, or one that was made shorter. */
function captionOf(id: string, document: GraphDocument): string {
  const { constants = {}, nodes = {} } = shorter[id] ?? {};
  const insteadOf = (usual: unknown) => (usual === undefined ? "" : ` instead of ${usual}`);
  const changes = [
    ...Object.entries(constants).map(
      ([name, value]) => `\`${name}\` = ${value}${insteadOf(document.constants?.[name]?.value)}`,
    ),
    ...Object.entries(nodes).flatMap(([node, params]) =>
      Object.entries(params).map(
        ([name, value]) => `\`${node}.${name}\` = ${value}${insteadOf(nodeNamed(document, node)?.params[name])}`,
      ),
    ),
  ];
  const isReal = onRealModels.includes(id);
  const tiny = isReal ? [] : tinyModelsFor(document);
  if (tiny.length)
    return (
      "*The picture is of a run on a tiny model with random weights" +
      ` (\`tests/fixtures/conformance/${tiny.join("`, `")}\`), where yours is to be: what it says means nothing.*`
    );
  return changes.length
    ? `*The picture is of a shorter run, with ${changes.join(", ")}: its numbers are not those of the whole one.*`
    : `*The picture is of a run of the template as it is${isReal ? ", with the model that it names" : ""}.*`;
}
