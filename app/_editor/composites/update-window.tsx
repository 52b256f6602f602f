"use client";

import { useMemo } from "react";
import { compositeNamed } from "#nodes/graph/composites";
import { type LibraryEntry, updatedTo } from "#nodes/graph/library";
import { Button } from "../../_ui/button";
import { DiffView } from "../../_ui/diff/diff-view";
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
  const after = useMemo(() => updatedTo(document, composite, entry), [document, composite, entry]);
  const title = compositeNamed(document, composite)?.title ?? composite;
  function update(): void {
    store.getState().editWhole((now) => updatedTo(now, composite, entry));
    onClose();
  }
  const footer = (
    <>
      <span className="text-xs text-ink-3">What was changed in this graph's copy is in the list, and is lost.</span>
      <Button className="ml-auto" onClick={onClose}>
        Keep this one
      </Button>
      <Button look="primary" onClick={update}>
        Update
      </Button>
    </>
  );
  const names = { before: "this graph", after: `version ${entry.version}` };
  const heading = `Update “${title}” to version ${entry.version}`;
  return (
    <Window title={heading} width={1180} height={720} onClose={onClose} footer={footer}>
      <DiffView before={document} after={after} names={names} />
    </Window>
  );
}
