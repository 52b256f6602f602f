"use client";

import { Link2Off } from "lucide-react";
import { constantNamed, referenceTo } from "#nodes/graph/constants";
import type { GraphNode } from "#nodes/graph/document";
import { setParam } from "#nodes/graph/edits";
import { useEditor, useEditorStore } from "./context";
import type { Field } from "./widgets/describe";

const numbers: readonly string[] = ["number", "slider", "seed"];
const texts: readonly string[] = ["text", "textarea", "select"];

/** Lets a parameter have the value of a constant; shown where the graph has one that may fit. */
export function ConstantChoice({ node, field }: { node: string; field: Field }) {
  const store = useEditorStore();
  const constants = useEditor((state) => state.history.present.constants);
  const isNumber = numbers.includes(field.widget);
  if (!constants || (!isNumber && !texts.includes(field.widget))) return null;
  const fitting = Object.keys(constants).filter((name) => (constants[name]?.kind === "number") === isNumber);
  if (!fitting.length) return null;
  return (
    <select
      aria-label={`Constant for ${field.label}`}
      title="Take the value of a constant of the graph"
      className="h-5 w-14 rounded border border-line bg-transparent text-2xs text-ink-3 hover:border-line-strong"
      value=""
      onChange={({ target }) =>
        store.getState().edit((document) => setParam(document, node, field.name, referenceTo(target.value)))
      }
    >
      <option value="">const</option>
      {fitting.map((name) => (
        <option key={name}>{name}</option>
      ))}
    </select>
  );
}

/** In the place of a widget: the constant whose value a parameter has. */
export function ConstantValueOf({ node, field, name }: { node: string; field: Field; name: string }) {
  const store = useEditorStore();
  const constant = useEditor((state) => constantNamed(state.history.present, name));
  const frozen = useEditor((state) => state.frozen);
  const value = constant?.value as GraphNode["params"][string] | undefined;
  return (
    <p className="flex h-8 items-center gap-2 rounded-md border border-line bg-accent-soft px-2 text-xs">
      <span className="font-mono font-medium text-accent">{name}</span>
      <span className="min-w-0 flex-1 truncate text-ink-2">{constant ? String(value) : "is not there"}</span>
      {!frozen && (
        <button
          type="button"
          aria-label={`Let ${field.label} have a value of its own`}
          title="Have a value of its own"
          onClick={() => store.getState().edit((document) => setParam(document, node, field.name, value))}
          className="rounded p-0.5 text-ink-3 hover:text-accent"
        >
          <Link2Off className="size-3.5" aria-hidden />
        </button>
      )}
    </p>
  );
}
