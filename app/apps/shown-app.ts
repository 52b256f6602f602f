/** What the page of an app is given: fields and results, and nothing of the graph's wiring. */
import { valueShown } from "#nodes/graph/filled-form";
import { fieldOf, type FormChoice, type FormLimits } from "#nodes/graph/published-form";
import { definitionOf } from "#nodes/graph/resolve";
import { flattened } from "#nodes/graph/flatten";
import type { Assignment } from "#nodes/graph/sweep";
import { registry } from "#nodes/registry.gen";
import { type OpenApp, outputsOf, type ShownOutput } from "#server/links/apps";
import { type Field, fieldsIn } from "../_editor/widgets/describe";

export interface AppField {
  /** "node.param": by what its value is sent. */
  place: string;
  node: string;
  /** Of the node type, whose files may have to be looked into before they are sent. */
  type: string | undefined;
  field: Field;
  value: Assignment[string] | undefined;
  help?: string;
  /** The only values that are offered. */
  choices?: FormChoice[];
}

export interface ShownApp {
  id: string;
  title: string;
  text: string;
  groups: { title: string; help?: string; fields: AppField[] }[];
  /** Parameters on which it depends whether fields mean something, as they are while no field sets them. */
  others: Assignment;
  outputs: ShownOutput[];
  limits: FormLimits;
  /** What nodes are called in the progress of a run. */
  titles: Record<string, string>;
}

export function shownApp(app: OpenApp): ShownApp {
  const { id, title, text, document, form } = app;
  const groups = form.groups.map((group) => ({
    title: group.title,
    help: group.help,
    fields: group.fields.flatMap((field) => {
      const shown = fieldOf(document, field, registry);
      if (!shown) return [];
      const [known] = fieldsIn({ [field.param]: shown.schema });
      if (!known) return [];
      const narrowed: Field = {
        ...known,
        label: shown.label,
        min: field.min ?? known.min,
        max: field.max ?? known.max,
        inspect: undefined,
      };
      const { node, param, help, choices } = field;
      const type = document.nodes[node]?.type;
      const value = valueShown(document, shown);
      return [{ place: `${node}.${param}`, node, type, field: narrowed, value, help, choices }];
    }),
  }));
  const fields = groups.flatMap((group) => group.fields);
  return {
    ...{ id, title, text, groups, limits: form.limits ?? {} },
    others: othersOf(app, fields),
    outputs: outputsOf(app),
    titles: titlesIn(app),
  };
}

function othersOf({ document }: OpenApp, fields: readonly AppField[]): Assignment {
  const asked = fields.flatMap(({ node, field }) => Object.keys(field.when ?? {}).map((param) => ({ node, param })));
  const entries = asked.flatMap(({ node, param }) => {
    const shown = fieldOf(document, { node, param }, registry);
    const value = shown && valueShown(document, shown);
    return value === undefined ? [] : [[`${node}.${param}`, value] as const];
  });
  return Object.fromEntries(entries);
}

function titlesIn({ document }: OpenApp): Record<string, string> {
  const flat = flattened(document).document;
  const entries = Object.entries(flat.nodes).map(([id, node]) => {
    return [id, node.title ?? definitionOf(flat, id, registry)?.title ?? id] as const;
  });
  return Object.fromEntries(entries);
}
