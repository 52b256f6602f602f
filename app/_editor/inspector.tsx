"use client";

import { BookOpen, ChevronRight, RotateCcw } from "lucide-react";
import { useMemo, useState } from "react";
import type { Port } from "#nodes/core/ports";
import { unfolded } from "#nodes/core/docs";
import { setNote, setParam, setTitle } from "#nodes/graph/edits";
import { IconButton } from "../_ui/button";
import { Chart } from "../_ui/chart";
import { definitionOf, useChecked, useDefinitions, useEditor, useEditorStore } from "./context";
import { describe } from "./node";
import { RunFacts } from "./run-facts";
import { widgets } from "./widgets";
import { type Field, fieldsOf } from "./widgets/describe";

function Param({ node, field }: { node: string; field: Field }) {
  const store = useEditorStore();
  const own = useEditor((s) => s.history.present.nodes[node]?.params);
  const frozen = useEditor((s) => s.frozen);
  const { problems } = useChecked();
  const isSet = own !== undefined && Object.hasOwn(own, field.name);
  const value = isSet ? own[field.name] : field.fallback;
  const wrong = problems.find((p) => p.node === node && p.param === field.name);
  const id = `${node}-${field.name}`;
  const View = widgets[field.widget];
  const set = (v: Parameters<typeof setParam>[3], part = "") =>
    store.getState().edit((d) => setParam(d, node, field.name, v), `param ${node}.${field.name} ${part}`);
  return (
    <div className="py-2">
      <div className="mb-1 flex h-5 items-center justify-between gap-2">
        <label htmlFor={id} className="truncate font-medium text-ink-2" title={field.name}>
          {field.label}
        </label>
        {isSet && !frozen && (
          <IconButton label={`Return ${field.label} to its default`} className="!size-5" onClick={() => set(undefined)}>
            <RotateCcw className="size-3" aria-hidden />
          </IconButton>
        )}
      </div>
      <View id={id} field={field} value={value} onChange={set} disabled={frozen} />
      {field.description && <p className="mt-1 text-[11px] text-ink-3">{field.description}</p>}
      {wrong && (
        <p className="mt-1 text-[11px] text-bad">
          {wrong.message} {wrong.hint}
        </p>
      )}
    </div>
  );
}

/** What the parameters mean, as the node draws it; nothing while one of them is wrong. */
function Drawing({ id }: { id: string }) {
  const { graph } = useChecked();
  const node = graph.nodes.get(id);
  const drawn = useMemo(() => node?.definition.preview?.(node.params), [node]);
  if (!drawn) return null;
  return (
    <figure className="border-t border-line py-3" data-drawing>
      <figcaption className="mb-1 text-[11px] text-ink-3">
        {drawn.lines.map((l) => l.name).join(", ")} by {drawn.x.label}
      </figcaption>
      <Chart label={drawn.x.label} x={drawn.x.values} lines={drawn.lines} height={110} />
    </figure>
  );
}

function Ports({
  title,
  ports,
  wires,
}: {
  title: string;
  ports: Record<string, Port>;
  wires: Record<string, { dtype?: Port["dtype"]; shape?: Port["shape"] }>;
}) {
  if (!Object.keys(ports).length) return null;
  return (
    <section className="border-t border-line py-3">
      <h3 className="mb-1.5 text-[11px] font-semibold tracking-wide text-ink-3 uppercase">{title}</h3>
      {Object.entries(ports).map(([name, port]) => (
        <div key={name} className="mb-1.5">
          <div className="flex items-baseline gap-1.5">
            <span
              className="size-2 shrink-0 translate-y-px rounded-full"
              style={{ background: `var(--port-${port.type})` }}
            />
            <span className="font-medium">{name}</span>
            <span className="truncate text-[11px] text-ink-3">
              {port.type}
              {port.optional ? ", optional" : ""}
              {port.many ? ", any number" : ""}
            </span>
          </div>
          <p className="pl-3.5 font-mono text-[11px] text-ink-2">{describe(wires[name] ?? port)}</p>
          {port.doc && <p className="pl-3.5 text-[11px] text-ink-3">{port.doc}</p>}
        </div>
      ))}
    </section>
  );
}

/** The chosen node: its title, its parameters as a form made of their types, its ports, its documentation. */
export function Inspector() {
  const store = useEditorStore();
  const selection = useEditor((s) => s.selection);
  const document = useEditor((s) => s.history.present);
  const frozen = useEditor((s) => s.frozen);
  const { types, problems } = useChecked();
  const [advanced, setAdvanced] = useState(false);
  const [docs, setDocs] = useState(false);
  const id = selection[0] ?? "";
  const node = selection.length === 1 ? document.nodes[id] : undefined;
  const definition = definitionOf(node?.type);
  const { inputs = {}, outputs = {} } = useDefinitions()(id) ?? {};
  if (!node)
    return (
      <div className="flex h-full flex-col gap-3 overflow-y-auto p-4">
        {frozen ? (
          document.description && <p className="text-ink-2">{document.description}</p>
        ) : (
          <label className="block">
            <span className="mb-1 block font-medium text-ink-2">Description</span>
            <textarea
              className="field field-sizing-content min-h-16 resize-none"
              value={document.description}
              maxLength={2000}
              placeholder="What this graph is for"
              onChange={(e) => store.getState().edit((d) => ({ ...d, description: e.target.value }), "description")}
            />
          </label>
        )}
        <p className="text-ink-2">
          {selection.length > 1
            ? `${selection.length} nodes are chosen.`
            : `${Object.keys(document.nodes).length} nodes. Choose one to see its parameters.`}
        </p>
        {problems.length > 0 && (
          <section>
            <h3 className="mb-1.5 text-[11px] font-semibold tracking-wide text-ink-3 uppercase">Problems</h3>
            {problems.map((p) => (
              <button
                key={`${p.node}${p.port}${p.message}`}
                type="button"
                onClick={() => p.node && store.getState().select([p.node])}
                className={`mb-1 block w-full rounded-md px-2 py-1.5 text-left text-[12px] ${p.severity === "error" ? "bg-bad-soft text-bad" : "bg-warn-soft text-warn"}`}
              >
                <b>{p.node ? `${document.nodes[p.node]?.title ?? p.node}: ` : ""}</b>
                {p.message}
              </button>
            ))}
          </section>
        )}
        <RunFacts />
      </div>
    );
  const fields = definition ? fieldsOf(definition) : [];
  const plain = fields.filter((f) => !f.advanced);
  const more = fields.filter((f) => f.advanced);
  return (
    <div key={id} className="h-full overflow-y-auto px-4 pb-8">
      <input
        aria-label="Title"
        className="mt-3 w-full rounded-md border border-transparent bg-transparent py-1 text-[15px] font-semibold hover:border-line focus:border-line-strong focus:px-2"
        value={node.title ?? definition?.title ?? node.type}
        maxLength={100}
        disabled={frozen}
        onChange={(e) =>
          store
            .getState()
            .edit((d) => setTitle(d, id, e.target.value === definition?.title ? "" : e.target.value), `title ${id}`)
        }
      />
      <p className="mb-2 text-ink-2">{definition?.description ?? `There is no node type “${node.type}”.`}</p>
      <Drawing id={id} />
      <div className="border-t border-line pt-1">
        {plain.map((f) => (
          <Param key={f.name} node={id} field={f} />
        ))}
        {!fields.length && <p className="py-2 text-ink-3">This node has no parameters.</p>}
      </div>
      {more.length > 0 && (
        <div className="border-t border-line py-1">
          <button
            type="button"
            aria-expanded={advanced}
            onClick={() => setAdvanced(!advanced)}
            className="flex items-center gap-1 py-1.5 font-medium text-ink-2 hover:text-ink"
          >
            <ChevronRight className={`size-3.5 transition ${advanced ? "rotate-90" : ""}`} aria-hidden />
            More parameters
          </button>
          {advanced && more.map((f) => <Param key={f.name} node={id} field={f} />)}
        </div>
      )}
      {definition && (
        <>
          <Ports title="Inputs" ports={inputs} wires={types[id]?.in ?? {}} />
          <Ports title="Outputs" ports={outputs} wires={types[id]?.out ?? {}} />
        </>
      )}
      {definition?.docs && (
        <section className="border-t border-line py-2">
          <button
            type="button"
            aria-expanded={docs}
            onClick={() => setDocs(!docs)}
            className="flex items-center gap-1.5 py-1 font-medium text-ink-2 hover:text-ink"
          >
            <BookOpen className="size-3.5" aria-hidden />
            About this node
          </button>
          {docs && (
            <p className="mt-1 text-[12px] leading-relaxed whitespace-pre-wrap text-ink-2">
              {unfolded(definition.docs)}
            </p>
          )}
        </section>
      )}
      <label className="block border-t border-line pt-3">
        <span className="mb-1 block font-medium text-ink-2">Note</span>
        <textarea
          className="field resize-y"
          rows={2}
          value={node.note ?? ""}
          maxLength={2000}
          disabled={frozen}
          placeholder="Shown on the node"
          onChange={(e) => store.getState().edit((d) => setNote(d, id, e.target.value), `note ${id}`)}
        />
      </label>
      <p className="mt-3 font-mono text-[11px] text-ink-3">
        {id} · {node.type}
      </p>
    </div>
  );
}
