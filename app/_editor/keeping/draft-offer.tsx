"use client";

import { lazy, Suspense, useEffect, useMemo, useState } from "react";
import { changesBetween } from "#nodes/graph/changes";
import { isSame } from "#nodes/graph/document-shape";
import { type Merge, merge } from "#nodes/graph/merge";
import type { Choice } from "#nodes/graph/merge-choices";
import { parseDocument } from "#nodes/graph/parse";
import { countOf } from "../../_ui/amounts";
import { Button } from "../../_ui/button";
import { Window } from "../../_ui/window";
import { useEditor, useEditorStore } from "../context";
import type { EditorStore } from "../store";
import { windowsAlive } from "./alive";
import { browserDrafts, type Draft } from "./drafts";
import { clockText } from "../../_ui/times";

const DiffView = lazy(async () => ({ default: (await import("../../_ui/diff/diff-view")).DiffView }));
const ConflictWindow = lazy(async () => ({ default: (await import("./conflict-window")).ConflictWindow }));

/** Work of a window that went before the server had it: shown, taken or thrown away. */
export function DraftOffers() {
  const store = useEditorStore();
  const [drafts, setDrafts] = useState<readonly Draft[]>([]);
  useEffect(() => {
    let isGone = false;
    const { graphId, frozen } = store.getState();
    if (graphId && !frozen) void lostDrafts(store, graphId).then((found) => isGone || setDrafts(found));
    return () => {
      isGone = true;
    };
  }, [store]);
  async function close(draft: Draft): Promise<void> {
    setDrafts((now) => now.filter((each) => each !== draft));
    await browserDrafts()
      .forget(draft.graph, draft.window)
      .catch(() => {});
  }
  return drafts.map((draft) => <DraftOffer key={draft.window} draft={draft} onClose={() => void close(draft)} />);
}

/** Drafts of windows that are gone, with something in them that is not stored. */
async function lostDrafts(store: EditorStore, graph: string): Promise<Draft[]> {
  const kept = browserDrafts();
  try {
    await kept.clean(Date.now());
    const [drafts, alive] = await Promise.all([kept.of(graph), windowsAlive()]);
    const lost: Draft[] = [];
    for (const draft of drafts.filter(({ window }) => !alive.has(window))) {
      const { document } = parseDocument(draft.document);
      const base = document && parseDocument(draft.base.document).document;
      if (!document || !base) continue;
      const readable = { ...draft, document, base: { ...draft.base, document: base } };
      if (changesOf(readable, store).length) lost.push(readable);
      else await kept.forget(graph, draft.window);
    }
    return lost;
  } catch {
    // A browser that keeps nothing has nothing to offer.
    return [];
  }
}

/** A draft and what is on the screen, as one. */
function mergedWith(
  { base, sent, document }: Draft,
  store: EditorStore,
  choices?: Readonly<Record<string, Choice>>,
): Merge & { base: Draft["document"] } {
  const now = store.getState().history.present;
  // What was on its way may have arrived.
  const common = sent.find((each) => isSame(each, now)) ?? base.document;
  return { ...merge(common, document, now, { choices }), base: common };
}

function changesOf(draft: Draft, store: EditorStore) {
  return changesBetween(store.getState().history.present, mergedWith(draft, store).document);
}

function DraftOffer({ draft, onClose }: { draft: Draft; onClose(): void }) {
  const store = useEditorStore();
  const present = useEditor((state) => state.history.present);
  const [shows, setShows] = useState(false);
  const [asks, setAsks] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is on the screen is read from the store
  const merged = useMemo(() => mergedWith(draft, store), [draft, store, present]);
  const changes = useMemo(() => changesBetween(present, merged.document), [present, merged]);
  function take(choices?: Readonly<Record<string, Choice>>): void {
    const { document, conflicts } = mergedWith(draft, store, choices);
    setAsks(conflicts.length > 0);
    if (conflicts.length) return;
    store.getState().editWhole(() => document);
    onClose();
  }
  const actions = (
    <>
      <Button size="s" look="primary" onClick={() => take()}>
        Take it
      </Button>
      <Button size="s" look="danger" onClick={onClose}>
        Throw it away
      </Button>
    </>
  );
  const time = clockText(draft.at);
  return (
    <div
      role="status"
      data-draft-offer
      className="flex flex-wrap items-center gap-2 border-b border-line bg-warn-soft px-4 py-1.5 text-sm"
    >
      <span className="mr-auto">
        Work from {time} in this browser did not reach the server: {countOf(changes.length, "change")}.
      </span>
      <Button size="s" onClick={() => setShows(true)}>
        Show the difference
      </Button>
      {actions}
      {shows && (
        <Window title={`Work from ${time}`} width={1180} height={720} footer={actions} onClose={() => setShows(false)}>
          <Suspense>
            <DiffView before={present} after={merged.document} names={{ before: "stored", after: "this work" }} />
          </Suspense>
        </Window>
      )}
      {asks && (
        <Suspense>
          <ConflictWindow
            base={merged.base}
            mine={draft.document}
            theirs={present}
            names={{ mine: `the work from ${time}`, theirs: "what is stored" }}
            onChoose={take}
            onClose={() => setAsks(false)}
          />
        </Suspense>
      )}
    </div>
  );
}
