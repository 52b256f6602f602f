"use client";

import { compositeNamed } from "#nodes/graph/composites";
import { type Change, changesBetween, type LibraryEntry, savedFrom, updatedTo } from "#nodes/graph/library";
import { Button } from "../../_ui/button";
import { Window } from "../../_ui/window";
import { useEditor, useEditorStore } from "../context";

interface UpdateWindowProps {
  composite: string;
  entry: LibraryEntry;
  onClose(): void;
}

/** What an update would change, before it is made. */
export function UpdateWindow({ composite, entry, onClose }: UpdateWindowProps) {
  const store = useEditorStore();
  const document = useEditor((state) => state.history.present);
  const before = savedFrom(document, composite);
  const changes = before ? changesBetween(before, entry) : [];
  const title = compositeNamed(document, composite)?.title ?? composite;
  function update(): void {
    store.getState().editWhole((now) => updatedTo(now, composite, entry));
    onClose();
  }
  const footer = (
    <>
      <span className="text-[12px] text-ink-3">What was changed in this graph's copy is in the list, and is lost.</span>
      <Button className="ml-auto" onClick={onClose}>
        Keep this one
      </Button>
      <Button look="primary" onClick={update}>
        Update
      </Button>
    </>
  );
  return (
    <Window title={`Update “${title}” to version ${entry.version}`} width={560} onClose={onClose} footer={footer}>
      {changes.length ? (
        <ul className="text-[12.5px]" data-changes>
          {changes.map((change) => (
            <ChangeLine key={`${change.kind} ${change.what}`} change={change} />
          ))}
        </ul>
      ) : (
        <p className="text-ink-2">Only places of nodes differ.</p>
      )}
    </Window>
  );
}

const signs: { [K in Change["kind"]]: { sign: string; tone: string } } = {
  added: { sign: "+", tone: "text-good" },
  removed: { sign: "−", tone: "text-bad" },
  changed: { sign: "~", tone: "text-warn" },
};

function ChangeLine({ change: { kind, what, before, after } }: { change: Change }) {
  const { sign, tone } = signs[kind];
  const shown = (value: unknown) => (value === undefined ? "default" : JSON.stringify(value));
  return (
    <li className="flex gap-2 py-0.5">
      <span className={`w-3 shrink-0 font-mono ${tone}`} title={kind}>
        {sign}
      </span>
      <span className="min-w-0 wrap-anywhere">{what}</span>
      {kind === "changed" && (before !== undefined || after !== undefined) && (
        <span className="ml-auto shrink-0 font-mono text-[11px] text-ink-2">
          {shown(before)} → {shown(after)}
        </span>
      )}
    </li>
  );
}
