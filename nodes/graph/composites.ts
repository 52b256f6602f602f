/** What a document says of composites: which nodes are instances, of what, and what lies in them. */
import { withAnnotations } from "./annotations";
import { boundary, type Composite, type Endpoint, type GraphDocument, type GraphNode } from "./document";

/** Between the id of an instance and the id of what lies in it: "tower/encoder". */
export const separator = "/";

/** The id of a node in an instance as a part of a file's name, in which no folder may be named. */
export const inFileName = (id: string): string => id.replaceAll(separator, ".");

const typePrefix = "composite:";
export const compositeType = (id: string): string => `${typePrefix}${id}`;

/** The composite that a node is an instance of, by its id; nothing for every other node. */
export function compositeIdOf(type: string): string | undefined {
  return type.startsWith(typePrefix) ? type.slice(typePrefix.length) : undefined;
}

export type Composites = Readonly<Record<string, Composite>>;
type Holder = Pick<GraphDocument, "composites">;

export function compositeNamed({ composites }: Holder, id: string): Composite | undefined {
  return composites && Object.hasOwn(composites, id) ? composites[id] : undefined;
}

/** The composite that a node is an instance of; nothing where it is none, or where the document lacks it. */
export function compositeOf(document: Holder, node: Pick<GraphNode, "type"> | undefined): Composite | undefined {
  const id = node && compositeIdOf(node.type);
  return id === undefined ? undefined : compositeNamed(document, id);
}

/** The ids of the composites whose instances lie directly in some nodes. */
export function compositesIn(nodes: GraphDocument["nodes"]): string[] {
  return Object.values(nodes).flatMap(({ type }) => compositeIdOf(type) ?? []);
}

/** Whether a composite has an instance, in the graph or in another composite. */
export function isUsed({ nodes, composites = {} }: GraphDocument, id: string): boolean {
  return [nodes, ...Object.values(composites).map((each) => each.nodes)].some((level) =>
    compositesIn(level).includes(id),
  );
}

/** The document without a composite, if it has no instance. */
export function withoutUnused(document: GraphDocument, composite: string): GraphDocument {
  const { composites = {} } = document;
  if (isUsed(document, composite) || !Object.hasOwn(composites, composite)) return document;
  const { [composite]: _, ...others } = composites;
  const { composites: __, ...rest } = document;
  return Object.keys(others).length ? { ...rest, composites: others } : rest;
}

/** Composites by id, and all that lie in them: what a part of a graph needs to mean the same elsewhere. */
export function compositesWithin(document: Holder, ids: Iterable<string>): Record<string, Composite> {
  const found: Record<string, Composite> = {};
  const waiting = [...ids];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    const composite = compositeNamed(document, id);
    if (!composite || Object.hasOwn(found, id)) continue;
    found[id] = composite;
    waiting.push(...compositesIn(composite.nodes));
  }
  return found;
}

/**
 * A composite as a graph of its own, so that what reads and edits graphs works inside of it. Its wires begin and end at
 * its boundary, too.
 */
export function insideOf(document: GraphDocument, id: string): GraphDocument | undefined {
  const composite = compositeNamed(document, id);
  if (!composite) return undefined;
  const { nodes, wires } = composite;
  return withAnnotations({ ...document, nodes, wires }, composite);
}

export const isBoundary = ({ node }: Pick<Endpoint, "node">): boolean =>
  node === boundary.inputs || node === boundary.outputs;
