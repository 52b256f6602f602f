"use client";

import { Tag, Trash2 } from "lucide-react";
import { useState } from "react";
import { Button } from "../_ui/button";
import { CompareButton } from "../_ui/compare-button";
import { Window } from "../_ui/window";
import type { ListedRun, RunListActions } from "./use-runs";

/** What can be done with the runs that are ticked. */
export function ChosenActions({
  rows,
  chosen,
  actions,
  onDone,
}: {
  rows: readonly ListedRun[];
  chosen: ReadonlySet<string>;
  actions: RunListActions;
  onDone(): void;
}) {
  const [asks, setAsks] = useState<"remarks" | "removal">();
  const runs = rows.filter(({ id }) => chosen.has(id));
  const close = () => setAsks(undefined);
  if (!chosen.size) return null;
  return (
    <>
      <Button onClick={() => setAsks("remarks")}>
        <Tag className="size-4" aria-hidden />
        {runs.length === 1 ? "Tags and note" : "Tags"}
      </Button>
      <Button look="danger" onClick={() => setAsks("removal")}>
        <Trash2 className="size-4" aria-hidden />
        Delete {chosen.size}
      </Button>
      <CompareButton ids={chosen} />
      {asks === "remarks" && <Remarks runs={runs} actions={actions} onClose={close} />}
      {asks === "removal" && (
        <Removal
          count={chosen.size}
          onClose={close}
          onRemove={() => {
            actions.remove([...chosen]);
            close();
            onDone();
          }}
        />
      )}
    </>
  );
}

function Remarks({ runs, actions, onClose }: { runs: readonly ListedRun[]; actions: RunListActions; onClose(): void }) {
  const [first] = runs;
  const shared = (first?.tags ?? []).filter((tag) => runs.every(({ tags }) => tags.includes(tag)));
  const [tags, setTags] = useState(shared.join(", "));
  const [note, setNote] = useState(first?.note ?? "");
  function save(): void {
    const ids = runs.map(({ id }) => id);
    actions.tag(ids, tags.split(","));
    if (first && runs.length === 1) actions.note(first.id, note);
    onClose();
  }
  const footer = (
    <Button look="primary" className="ml-auto" onClick={save}>
      Keep
    </Button>
  );
  return (
    <Window
      title={runs.length === 1 ? `${first?.name}` : `${runs.length} runs`}
      width={440}
      footer={footer}
      onClose={onClose}
    >
      <label className="block text-xs text-ink-2">
        Tags, separated by commas
        <input className="field mt-1" value={tags} onChange={(event) => setTags(event.target.value)} />
      </label>
      {runs.length === 1 && (
        <label className="mt-3 block text-xs text-ink-2">
          Note
          <textarea
            className="field mt-1 h-28 py-1.5"
            maxLength={4000}
            value={note}
            onChange={(event) => setNote(event.target.value)}
          />
        </label>
      )}
    </Window>
  );
}

function Removal({ count, onRemove, onClose }: { count: number; onRemove(): void; onClose(): void }) {
  const footer = (
    <>
      <Button className="ml-auto" onClick={onClose}>
        Keep them
      </Button>
      <Button look="danger" onClick={onRemove}>
        Delete
      </Button>
    </>
  );
  return (
    <Window
      title={count === 1 ? "Delete this run?" : `Delete ${count} runs?`}
      width={420}
      footer={footer}
      onClose={onClose}
    >
      <p className="text-ink-2">
        Their snapshots, curves and files go with them. Their graphs stay, and what the cache has of their nodes does.
      </p>
    </Window>
  );
}
