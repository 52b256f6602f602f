"use client";

import { useMemo } from "react";
import { compositeNamed } from "#nodes/graph/composites";
import type { GraphDocument } from "#nodes/graph/document";
import { type Update, updatesOf, withUpdates } from "#nodes/graph/updates";
import { countOf } from "../_ui/amounts";
import { Button } from "../_ui/button";
import { Window } from "../_ui/window";
import { useEditor, useEditorStore, useView, useViewStore } from "./context";

function useUpdates(): { updates: readonly Update[]; document: GraphDocument } {
  const document = useEditor((state) => state.history.present);
  const frozen = useEditor((state) => state.frozen);
  const { nodes, composites } = document;
  // biome-ignore lint/correctness/useExhaustiveDependencies: nodes and composites are all that it depends on
  const updates = useMemo(() => (frozen ? [] : updatesOf(document)), [nodes, composites, frozen]);
  return { updates, document };
}

/** In the inspector of the graph: how many nodes can be brought up to date, and the way to what that changes. */
export function UpdatesLine() {
  const view = useViewStore();
  const { updates } = useUpdates();
  if (!updates.length) return null;
  return (
    <button
      type="button"
      onClick={() => view.getState().show("updates")}
      className="rounded-md bg-sunken px-2 py-1.5 text-left text-xs text-ink-2 hover:text-ink"
    >
      {countOf(updates.length, "node")} can be updated…
    </button>
  );
}

/** What an update of the graph's nodes to the versions of today changes, before it is made. */
export function UpdatesWindow() {
  const view = useViewStore();
  const store = useEditorStore();
  const isShown = useView((state) => state.overlay === "updates");
  const { updates, document } = useUpdates();
  const close = () => view.getState().show(undefined);
  if (!isShown) return null;
  function update(): void {
    store.getState().editWhole((now) => withUpdates(now, updatesOf(now)));
    close();
  }
  const footer = (
    <>
      <Button className="ml-auto" onClick={close}>
        Not now
      </Button>
      <Button look="primary" disabled={!updates.length} onClick={update}>
        Update
      </Button>
    </>
  );
  return (
    <Window title={`${countOf(updates.length, "node")} can be updated`} width={640} footer={footer} onClose={close}>
      <p className="mb-3 text-ink-2">
        They were saved with older versions of their types. They run as they are; results may differ from those of then.
      </p>
      <ul className="divide-y divide-line rounded-lg border border-line" data-updates>
        {updates.map((each) => (
          <UpdateRow key={`${each.composite}/${each.node}`} update={each} document={document} />
        ))}
      </ul>
    </Window>
  );
}

function UpdateRow({ update, document }: { update: Update; document: GraphDocument }) {
  const { composite, node, title, from, to, changes, unused } = update;
  const where = composite === undefined ? undefined : compositeNamed(document, composite)?.title;
  return (
    <li className="px-3 py-2">
      <p className="flex items-baseline gap-2">
        <span className="font-medium">{title}</span>
        <span className="font-mono text-2xs text-ink-3">{where === undefined ? node : `${node} in ${where}`}</span>
        <span className="ml-auto shrink-0 text-2xs text-ink-3 tabular-nums">
          version {from} → {to}
        </span>
      </p>
      {changes.map(({ param, before, after }) => (
        <p key={param} className="font-mono text-2xs text-ink-2">
          {param}: {valueText(before)} → {valueText(after)}
        </p>
      ))}
      {unused.length > 0 && <p className="text-2xs text-ink-3">Not used, and gone then: {unused.join(", ")}.</p>}
      {!changes.length && !unused.length && <p className="text-2xs text-ink-3">Its parameters stay as they are.</p>}
    </li>
  );
}

const valueText = (value: unknown): string => (value === undefined ? "none" : JSON.stringify(value));
