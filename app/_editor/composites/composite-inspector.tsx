"use client";

import { ChevronDown, ChevronUp, Trash2 } from "lucide-react";
import type { ReactNode } from "react";
import {
  labelParam,
  moveOuter,
  removePort,
  renamePort,
  setCompositeText,
  type Side,
  unpublish,
} from "#nodes/graph/composite-edits";
import { compositeNamed } from "#nodes/graph/composites";
import { IconButton } from "../../_ui/button";
import { useEditor, useEditorStore } from "../context";
import { CommitField } from "./commit-field";

/** The composite whose inside is seen: its name, its ports and the parameters that it publishes, in order. */
export function CompositeInspector({ id }: { id: string }) {
  const store = useEditorStore();
  const composite = useEditor((state) => compositeNamed(state.history.present, id));
  const frozen = useEditor((state) => state.frozen);
  if (!composite) return null;
  const write = (text: Parameters<typeof setCompositeText>[2], merge: string) =>
    store.getState().editWhole((document) => setCompositeText(document, id, text), `${merge} of composite ${id}`);
  return (
    <div className="h-full overflow-y-auto px-4 pb-8" data-composite={id}>
      <p className="mt-3 text-2xs font-semibold tracking-wide text-ink-3 uppercase">Composite</p>
      <CommitField
        label="Name of the composite"
        className="my-1 w-full text-base font-semibold"
        value={composite.title}
        disabled={frozen}
        onCommit={(title) => write({ title }, "title")}
      />
      <textarea
        aria-label="Description of the composite"
        className="field mb-3 field-sizing-content min-h-12 resize-none"
        value={composite.description ?? ""}
        maxLength={2000}
        disabled={frozen}
        placeholder="What it is for"
        onChange={(event) => write({ description: event.target.value }, "description")}
      />
      <PortList id={id} side="inputs" title="Inputs" names={Object.keys(composite.inputs)} />
      <PortList id={id} side="outputs" title="Outputs" names={Object.keys(composite.outputs)} />
      <PublishedList id={id} />
      <p className="mt-3 border-t border-line pt-3 text-2xs text-ink-3">
        What is changed here changes in all its instances. Choose a node to publish its parameters.
      </p>
    </div>
  );
}

function PortList({ id, side, title, names }: { id: string; side: Side; title: string; names: readonly string[] }) {
  const store = useEditorStore();
  const frozen = useEditor((state) => state.frozen);
  const edit = store.getState().editWhole;
  return (
    <List title={title} empty={`Draw a wire ${side === "inputs" ? "from Inputs" : "to Outputs"} to add one.`}>
      {names.map((name, place) => (
        <Row
          key={name}
          what={`${side.slice(0, -1)} ${name}`}
          isFirst={place === 0}
          isLast={place === names.length - 1}
          onMove={(by) => edit((document) => moveOuter(document, id, side, name, by))}
          onRemove={() => edit((document) => removePort(document, id, side, name))}
        >
          <CommitField
            label={`Name of the ${side.slice(0, -1)} ${name}`}
            className="w-full text-sm"
            value={name}
            disabled={frozen}
            onCommit={(typed) => edit((document) => renamePort(document, id, side, name, typed))}
          />
        </Row>
      ))}
    </List>
  );
}

function PublishedList({ id }: { id: string }) {
  const store = useEditorStore();
  const frozen = useEditor((state) => state.frozen);
  const params = useEditor((state) => compositeNamed(state.history.present, id)?.params) ?? {};
  const names = Object.keys(params);
  const edit = store.getState().editWhole;
  return (
    <List title="Published parameters" empty="None. Each instance would have values of its own for them.">
      {names.map((name, place) => (
        <Row
          key={name}
          what={`parameter ${name}`}
          isFirst={place === 0}
          isLast={place === names.length - 1}
          onMove={(by) => edit((document) => moveOuter(document, id, "params", name, by))}
          onRemove={() => edit((document) => unpublish(document, id, name))}
        >
          <CommitField
            label={`Label of the parameter ${name}`}
            className="w-full text-sm"
            value={params[name]?.label ?? name}
            disabled={frozen}
            onCommit={(label) => edit((document) => labelParam(document, id, name, label === name ? "" : label))}
          />
          <p className="px-2 font-mono text-2xs wrap-anywhere text-ink-3">
            {params[name]?.to.map(({ node, param }) => `${node}.${param}`).join(", ")}
          </p>
        </Row>
      ))}
    </List>
  );
}

function List({ title, empty, children }: { title: string; empty: string; children: readonly ReactNode[] }) {
  return (
    <section className="border-t border-line py-3">
      <h3 className="mb-1.5 text-2xs font-semibold tracking-wide text-ink-3 uppercase">{title}</h3>
      {children.length ? <ol>{children}</ol> : <p className="text-2xs text-ink-3">{empty}</p>}
    </section>
  );
}

interface RowProps {
  /** As in "Remove the input image". */
  what: string;
  isFirst: boolean;
  isLast: boolean;
  onMove(by: -1 | 1): void;
  onRemove(): void;
  children: ReactNode;
}

function Row({ what, isFirst, isLast, onMove, onRemove, children }: RowProps) {
  const frozen = useEditor((state) => state.frozen);
  return (
    <li className="group flex items-start gap-0.5 py-0.5">
      <div className="min-w-0 flex-1">{children}</div>
      {!frozen && (
        <div className="flex opacity-80 group-focus-within:opacity-100 group-hover:opacity-100">
          <IconButton label={`Move the ${what} up`} className="!size-6" disabled={isFirst} onClick={() => onMove(-1)}>
            <ChevronUp className="size-3.5" aria-hidden />
          </IconButton>
          <IconButton label={`Move the ${what} down`} className="!size-6" disabled={isLast} onClick={() => onMove(1)}>
            <ChevronDown className="size-3.5" aria-hidden />
          </IconButton>
          <IconButton label={`Remove the ${what}`} className="!size-6" onClick={onRemove}>
            <Trash2 className="size-3.5" aria-hidden />
          </IconButton>
        </div>
      )}
    </li>
  );
}
