/** docs/nodes.md: what every node takes and gives. */
import type { NodeDefinition } from "#nodes/core/node";
import type { Port } from "#nodes/core/ports";
import type { NodeFile } from "./node-files";

/** Where the page speaks of a node; links to it use the same words. */
export const nodeHeading = ({ title, type }: NodeDefinition): string => `${title} · \`${type}\``;

export function nodesPage(files: readonly NodeFile[], definitions: readonly NodeDefinition[]): string {
  const categories = [...new Set(files.map(({ category }) => category))];
  const sections = categories.map((category) => {
    const members = definitions.filter(({ type }) => type.startsWith(`${category}.`));
    return `## ${category}\n\n${members.map(nodeSection).join("\n")}`;
  });
  return `# Nodes

Written by \`npm run gen\` from the node files. Shapes: a capital letter is a size that is equal wherever it occurs in
one node, \`$name\` a parameter, \`*\` any size.

${sections.join("\n")}`;
}

function nodeSection(definition: NodeDefinition): string {
  const { description, synonyms, docs, inputs, outputs, ports } = definition;
  const elsewhere = synonyms ? `\n\nElsewhere called: ${synonyms.map((name) => `\`${name}\``).join(", ")}.` : "";
  const more = docs ? `\n\n${docs}` : "";
  const fromParameters = ports ? "\nMore ports follow from its parameters.\n" : "";
  return `### ${nodeHeading(definition)}

${description}${elsewhere}${more}
${fromParameters}${portTable("input", inputs)}${portTable("output", outputs)}`;
}

function portTable(direction: string, ports: Readonly<Record<string, Port>>): string {
  const rows = Object.entries(ports).map(portRow);
  return rows.length ? `\n| ${direction} | type | |\n| --- | --- | --- |\n${rows.join("\n")}\n` : "";
}

function portRow([name, port]: [string, Port]): string {
  const shape = port.shape ? ` [${port.shape.join(", ")}]` : "";
  const dtype = port.dtype ? ` ${port.dtype}` : "";
  const count = `${port.optional ? ", optional" : ""}${port.many ? ", any number" : ""}`;
  return `| \`${name}\` | ${port.type}${shape}${dtype}${count} | ${port.doc ?? ""} |`;
}
