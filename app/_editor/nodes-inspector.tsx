"use client";

import { setParam } from "#nodes/graph/edits";
import { itemsText } from "./commands/command";
import { type CommonField, commonFields } from "./common-fields";
import { definitionAt, definitionOf, useEditor, useEditorStore } from "./context";
import { widgets } from "./widgets";
import { fieldsOf } from "./widgets/describe";
import type { WidgetProps } from "./widgets/widget-props";

/** Several nodes at once: the parameters that all of them have. A change is one step of undo for all. */
export function NodesInspector({ items }: { items: readonly string[] }) {
  const store = useEditorStore();
  const shown = useEditor((state) => state.shown);
  const ids = items.filter((item) => Object.hasOwn(shown.nodes, item));
  const formed = ids.flatMap((id) => {
    const node = shown.nodes[id];
    const definition = definitionOf(node?.type) ?? definitionAt(store.getState(), id);
    return node && definition ? [{ params: node.params, fields: fieldsOf(definition) }] : [];
  });
  const common = formed.length === ids.length ? commonFields(formed) : [];
  return (
    <div className="h-full overflow-y-auto p-4">
      <h2 className="text-base font-semibold">{itemsText(items)}</h2>
      <p className="mb-2 text-ink-2">
        {common.length
          ? "What is changed here is changed in all of them."
          : "These nodes have no parameter in common. Choose one of them to see its own."}
      </p>
      {common.map((one) => (
        <SharedField key={one.field.name} ids={ids} common={one} />
      ))}
    </div>
  );
}

function SharedField({ ids, common: { field, value, isMixed } }: { ids: readonly string[]; common: CommonField }) {
  const store = useEditorStore();
  const frozen = useEditor((state) => state.frozen);
  const Widget = widgets[field.widget];
  const id = `shared-${field.name}`;
  const change: WidgetProps["onChange"] = (next, part = "") =>
    store
      .getState()
      .edit(
        (document) => ids.reduce((now, node) => setParam(now, node, field.name, next), document),
        `params ${ids.join()}.${field.name} ${part}`,
      );
  return (
    <div className="border-t border-line py-2">
      <div className="mb-1 flex h-5 items-center justify-between gap-2">
        <label htmlFor={id} className="truncate font-medium text-ink-2">
          {field.label}
        </label>
        {isMixed && <span className="text-2xs text-ink-3">differs</span>}
      </div>
      <Widget id={id} field={field} value={value ?? field.fallback} onChange={change} disabled={frozen} />
    </div>
  );
}
