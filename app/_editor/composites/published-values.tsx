import type { NodeDefinition } from "#nodes/core/node";
import { paramsWith } from "#nodes/graph/constants";
import type { GraphNode } from "#nodes/graph/document";
import { useEditor } from "../context";
import { fieldsOf } from "../widgets/describe";

/** So many are shown on the node; all of them in the inspector. */
const most = 5;

/** The published parameters of an instance and its values of them; those of its own stand out. */
export function PublishedValues({ node, definition }: { node: GraphNode; definition: NodeDefinition | undefined }) {
  const fields = definition ? fieldsOf(definition).filter(({ name }) => name !== "scope") : [];
  const constants = useEditor((state) => state.history.present.constants);
  if (!fields.length) return null;
  const params = paramsWith(constants ?? {}, node.params);
  return (
    <dl className="border-t border-line px-2.5 py-1.5 text-2xs" data-published>
      {fields.slice(0, most).map(({ name, label, fallback, unit }) => {
        const isOwn = Object.hasOwn(node.params, name);
        return (
          <div key={name} className="flex justify-between gap-3">
            <dt className="shrink-0 text-ink-2">{label}</dt>
            <dd className={isOwn ? "truncate font-semibold" : "truncate text-ink-3"}>
              {valueText(isOwn ? params[name] : fallback)}
              {unit ? ` ${unit}` : ""}
            </dd>
          </div>
        );
      })}
      {fields.length > most && <p className="text-ink-3">and {fields.length - most} more</p>}
    </dl>
  );
}

function valueText(value: unknown): string {
  if (typeof value === "string") return value;
  const isWords = Array.isArray(value) && value.every((each) => typeof each === "string");
  return isWords ? value.join(", ") : (JSON.stringify(value) ?? "–");
}
