import { MiniMap, type Node } from "@xyflow/react";
import { startTransition, useCallback, useEffect, useState } from "react";
import { frameIdOf, noteIdOf } from "#nodes/graph/annotations";
import { definitionAt, runAt, useEditor, useEditorStore, useView, wayTo } from "../context";
import { colourOf } from "../node/ports";
import { isUnwired } from "../problems/listed";
import type { EditorState } from "../store";
import { hueOf } from "./hues";

const size = { width: 150, height: 96 };
/** Milliseconds after the graph itself, which a large one needs to be painted. */
const delay = 600;

/**
 * The whole graph, small: each node in the colour of what it gives, one with an error in red, one that runs in the
 * accent, frames and notes pale in theirs.
 */
export function Overview() {
  const store = useEditorStore();
  const isWanted = useView((state) => state.overview);
  const isDue = useDelay();
  const marks = useEditor((state) => (isWanted && isDue ? marksOf(state) : ""));
  // biome-ignore lint/correctness/useExhaustiveDependencies: other marks are other colours
  const colour = useCallback((node: Node) => colourIn(store.getState(), node.id), [store, marks]);
  if (!isDue || !isWanted) return null;
  return (
    <MiniMap
      pannable
      zoomable
      position="bottom-right"
      className="!hidden lg:!block"
      style={size}
      nodeColor={colour}
      ariaLabel="Overview of the graph"
    />
  );
}

function useDelay(): boolean {
  const [isDue, setDue] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => startTransition(() => setDue(true)), delay);
    return () => clearTimeout(timer);
  }, []);
  return isDue;
}

/** What is told of nodes beside their type, as one text that differs when a mark does. */
function marksOf(state: EditorState): string {
  return Object.keys(state.shown.nodes)
    .flatMap((id) => {
      const mark = markOf(state, id);
      return mark ? [`${id} ${mark}`] : [];
    })
    .join();
}

function markOf(state: EditorState, id: string): string | undefined {
  const problems = state.checked.nodes.get(wayTo(state, id))?.problems ?? [];
  const status = runAt(state, id)?.status;
  const isWrong = problems.some((problem) => problem.severity === "error" && !isUnwired(problem));
  if (isWrong || status === "failed") return "var(--bad)";
  return status === "running" ? "var(--accent)" : undefined;
}

function colourIn(state: EditorState, item: string): string {
  const { frames = {}, notes = {} } = state.shown;
  const [frame, note] = [frames[frameIdOf(item) ?? ""], notes[noteIdOf(item) ?? ""]];
  if (frame) return `color-mix(in srgb, ${hueOf(frame.colour)} 18%, transparent)`;
  if (note) return `color-mix(in srgb, ${hueOf(note.colour ?? "yellow")} 45%, transparent)`;
  return markOf(state, item) ?? colourOf(definitionAt(state, item));
}
