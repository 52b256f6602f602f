"use client";

import type { PublishedForm } from "#nodes/graph/published-form";
import { CalledField } from "./called-field";
import { withOutputChanged, withOutputMoved, withoutOutput } from "./form-edits";
import { OrderButtons } from "./order-buttons";

interface OutputRowsProps {
  form: PublishedForm;
  titles: ReadonlyMap<string, string>;
  /** The outputs that the version has, as "node.port". */
  known: ReadonlySet<string>;
  onChange(form: PublishedForm): void;
}

/** The results that are shown, in their order, with what they are called. */
export function OutputRows({ form, titles, known, onChange }: OutputRowsProps) {
  if (!form.outputs.length) return null;
  return (
    <ul className="mt-2 divide-y divide-line rounded-lg border border-line" aria-label="Results that are shown">
      {form.outputs.map(({ node, port, label }, i) => {
        const name = `${titles.get(node) ?? node} · ${port}`;
        return (
          <li
            key={`${node}.${port}`}
            className="flex items-center gap-2 px-3 py-1.5"
            data-form-output={`${node}.${port}`}
          >
            <CalledField
              name={name}
              isThere={known.has(`${node}.${port}`)}
              placeholder={titles.get(node) ?? node}
              value={label}
              onChange={(to) => onChange(withOutputChanged(form, i, { label: to }))}
            />
            <OrderButtons
              name={name}
              isFirst={i === 0}
              isLast={i === form.outputs.length - 1}
              onMove={(by) => onChange(withOutputMoved(form, i, by))}
              onRemove={() => onChange(withoutOutput(form, i))}
            />
          </li>
        );
      })}
    </ul>
  );
}
