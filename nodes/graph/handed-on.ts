/**
 * Published parameters whose nodes go into a composite inside of the one that publishes them, or come out of it: they
 * are handed on by one boundary more, or less.
 */
import type { Composite, GraphDocument } from "./document";
import { compositeNamed } from "./composites";
import { idBeside } from "./edits";

type Published = Composite["params"];
type Target = Published[string]["to"][number];

/** What the inner composite publishes of chosen nodes, and what the outer one says of its instance in their place. */
export function handedIn(
  outer: Published,
  chosen: ReadonlySet<string>,
  instance: string,
): { outer: Published; inner: Published } {
  const inner: Published = {};
  const changed = mapTargets(outer, (target) => {
    if (!chosen.has(target.node)) return [target];
    const known = Object.keys(inner).find((name) => isSameTarget(inner[name]?.to[0], target));
    const name = known ?? nameFor(inner, target);
    inner[name] = { to: [target] };
    return [{ node: instance, param: name }];
  });
  return { outer: changed, inner };
}

/** What the outer composite says of the nodes of an instance that gives way to them. */
export function handedOut(
  outer: Published,
  instance: string,
  inner: Published,
  nameOf: (node: string) => string,
): Published {
  return mapTargets(outer, (target) => {
    if (target.node !== instance) return [target];
    const published = Object.hasOwn(inner, target.param) ? inner[target.param] : undefined;
    return (published?.to ?? []).map(({ node, param }) => ({ node: nameOf(node), param }));
  });
}

/** What a composite publishes; nothing where there is none. */
export const publishedBy = (document: GraphDocument, id: string | undefined): Published =>
  compositeNamed(document, id ?? "")?.params ?? {};

/** The document with what a composite publishes changed; the same one where nothing is. */
export function withPublished(
  document: GraphDocument,
  id: string | undefined,
  change: (params: Published) => Published,
): GraphDocument {
  const composite = id === undefined ? undefined : compositeNamed(document, id);
  if (id === undefined || !composite) return document;
  const params = change(composite.params);
  if (params === composite.params) return document;
  return { ...document, composites: { ...document.composites, [id]: { ...composite, params } } };
}

/** A name under which a parameter of a node can be published beside those that are. */
export function nameFor(params: Published, { node, param }: Target): string {
  // "scope" is what each instance says of its weights' names.
  const plain = param === "scope" ? `${node}_scope` : param;
  return idBeside(params, Object.hasOwn(params, plain) ? `${node}_${param}` : plain);
}

const isSameTarget = (one: Target | undefined, other: Target): boolean =>
  one?.node === other.node && one.param === other.param;

/**
 * Targets replaced by others; the same table where none is. What reaches nothing any more is left to `within`, which
 * knows what instances have for it.
 */
export function mapTargets(params: Published, replacement: (target: Target) => Target[]): Published {
  let isChanged = false;
  const entries = Object.entries(params).map(([name, published]) => {
    const to = published.to.flatMap((target) => {
      const targets = replacement(target);
      if (targets.length !== 1 || targets[0] !== target) isChanged = true;
      return targets;
    });
    return [name, { ...published, to }] as const;
  });
  return isChanged ? Object.fromEntries(entries) : params;
}
