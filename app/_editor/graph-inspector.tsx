"use client";

import { setDescription } from "#nodes/graph/edits";
import { countOf } from "../_ui/amounts";
import { ConstantsSection } from "./constants-section";
import { useChecked, useEditor, useEditorStore } from "./context";
import { MissingFilesLine } from "./missing-files";
import { OriginLine } from "./origin-line";
import { listed } from "./problems/listed";
import { ProblemGroups } from "./problems/problem-groups";
import { UpdatesLine } from "./updates-window";
import { RunFacts } from "./run-facts";
import { ViewSettings } from "./view-settings";

/** The graph as a whole: what it is for, what is wrong with it, and how its last run went. */
export function GraphInspector() {
  const count = useEditor((state) => Object.keys(state.shown.nodes).length);
  return (
    <div className="flex h-full flex-col gap-3 overflow-y-auto p-4">
      <Description />
      <p className="text-ink-2">{contentText(count)}</p>
      <OriginLine />
      <MissingFilesLine />
      <UpdatesLine />
      <Problems />
      <ConstantsSection />
      <RunFacts />
      <ViewSettings />
    </div>
  );
}

function contentText(count: number): string {
  return count ? `${countOf(count, "node")}. Choose one to see its parameters.` : "No nodes yet.";
}

function Description() {
  const store = useEditorStore();
  const text = useEditor((state) => state.history.present.description);
  const frozen = useEditor((state) => state.frozen);
  if (frozen) return text ? <p className="wrap-anywhere text-ink-2">{text}</p> : null;
  const write = (description: string) =>
    store.getState().edit((document) => setDescription(document, description), "description");
  return (
    <label className="block">
      <span className="mb-1 block font-medium text-ink-2">Description</span>
      <textarea
        className="field field-sizing-content min-h-16 resize-none"
        value={text}
        maxLength={2000}
        placeholder="What this graph is for"
        onChange={(event) => write(event.target.value)}
      />
    </label>
  );
}

/** All that the check found; a press on one chooses its node. */
function Problems() {
  const { problems, graph } = useChecked();
  const wasAsked = useEditor((state) => state.wasAsked);
  if (!problems.length) return null;
  return (
    <div>
      <ProblemGroups all={listed(problems, graph.flat.document.nodes)} isRed={wasAsked} />
    </div>
  );
}
