/** The parameters that several nodes have in common: of the same name, the same kind and the same choices. */
import type { GraphNode } from "#nodes/graph/document";
import type { Field } from "./widgets/describe";

export interface CommonField {
  field: Field;
  /** What all of them have; absent where they differ. */
  value: unknown;
  isMixed: boolean;
}

interface Formed {
  params: GraphNode["params"];
  fields: readonly Field[];
}

export function commonFields(nodes: readonly Formed[]): CommonField[] {
  const [first, ...others] = nodes;
  if (!first) return [];
  return first.fields.flatMap((field) => {
    const same = others.map(({ fields }) => fields.find((other) => isSameField(field, other)));
    if (same.some((other) => other === undefined)) return [];
    const values = nodes.map(({ params, fields }) => {
      const fallback = fields.find(({ name }) => name === field.name)?.fallback;
      return Object.hasOwn(params, field.name) ? params[field.name] : fallback;
    });
    const texts = new Set(values.map((value) => JSON.stringify(value)));
    const isMixed = texts.size > 1;
    return [{ field, value: isMixed ? undefined : values[0], isMixed }];
  });
}

function isSameField(one: Field, other: Field): boolean {
  return one.name === other.name && one.widget === other.widget && one.options.join() === other.options.join();
}

/** Those of which the name, the label or the description has all words of a search. */
export function searchedFields<F extends Pick<Field, "name" | "label" | "description">>(
  fields: readonly F[],
  search: string,
): F[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return fields.filter(({ name, label, description = "" }) => {
    const text = `${name} ${label} ${description}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
