/** Composites that are kept beside graphs: taken out of one, copied into others, and brought up to date there. */
import { withoutOuter } from "./composite-edits";
import { compositeNamed, compositesWithin, type Composites, compositeType } from "./composites";
import type { Composite, GraphDocument } from "./document";
import { constantNamed, replaceIn } from "./constants";
import { paste, withoutPins } from "./edits";

/** A composite with those that lie in it. */
export interface SavedComposite {
  /** The id of the one that was saved. */
  root: string;
  composites: Composites;
}

/** An entry of the library. A higher version is a later state of the same composite. */
export interface LibraryEntry extends SavedComposite {
  id: string;
  version: number;
}

/**
 * What is saved of a composite: constants by their values, and no pinned result, which are the graph's. Where it was
 * copied from is said by the entry, not in it.
 */
export function savedFrom(document: GraphDocument, composite: string): SavedComposite | undefined {
  const inlined = replaceIn(document, (name) => constantNamed(document, name)?.value);
  const { [composite]: root, ...others } = compositesWithin(withoutPins(inlined), [composite]);
  if (!root) return undefined;
  const { origin: _, ...plain } = root;
  return { root: composite, composites: { [composite]: plain, ...others } };
}

/** The document with a copy of an entry; the id of the copy. A copy of the same version is used again. */
export function withEntry(
  document: GraphDocument,
  entry: LibraryEntry,
): { document: GraphDocument; composite: string } {
  const { id, version } = entry;
  const known = Object.entries(document.composites ?? {}).find(
    ([, { origin }]) => origin?.id === id && origin.version === version,
  );
  if (known) return { document, composite: known[0] };
  const root = { ...(entry.composites[entry.root] as Composite), origin: { id, version } };
  const composites = { ...entry.composites, [entry.root]: root };
  const nodes = { copy: { type: compositeType(entry.root), version: 1, params: {}, position: { x: 0, y: 0 } } };
  const { document: pasted, ids } = paste(document, { nodes, wires: [], composites }, { x: 0, y: 0 });
  const { [ids[0] ?? ""]: copy, ...others } = pasted.nodes;
  const composite = copy?.type.slice(compositeType("").length) ?? entry.root;
  return { document: { ...pasted, nodes: others }, composite };
}

/** Says of a composite that it is an entry of the library. */
export function withOrigin(document: GraphDocument, composite: string, origin: Composite["origin"]): GraphDocument {
  const now = compositeNamed(document, composite);
  if (!now) return document;
  return { ...document, composites: { ...document.composites, [composite]: { ...now, origin } } };
}

/**
 * Puts an entry in the place of a composite. Instances keep their values and wires, where there still is such a
 * parameter or port.
 */
export function updatedTo(document: GraphDocument, composite: string, entry: LibraryEntry): GraphDocument {
  const before = compositeNamed(document, composite);
  if (!before) return document;
  const added = withEntry(document, entry);
  const fresh = compositeNamed(added.document, added.composite) as Composite;
  const { [added.composite]: _, ...others } = added.document.composites ?? {};
  const isCopy = added.composite !== composite && !Object.hasOwn(document.composites ?? {}, added.composite);
  const composites = { ...(isCopy ? others : added.document.composites), [composite]: fresh };
  const gone = (list: "inputs" | "outputs" | "params") =>
    Object.keys(before[list]).filter((name) => !Object.hasOwn(fresh[list], name));
  return withoutOuter({ ...added.document, composites }, composite, {
    inputs: gone("inputs"),
    outputs: gone("outputs"),
    params: gone("params"),
  });
}
