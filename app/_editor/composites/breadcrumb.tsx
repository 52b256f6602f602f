"use client";

import { ChevronRight, CornerLeftUp } from "lucide-react";
import { Fragment } from "react";
import { compositeOf, insideOf, compositeIdOf } from "#nodes/graph/composites";
import type { GraphDocument } from "#nodes/graph/document";
import { cx } from "../../_ui/cx";
import { useEditor, useEditorStore } from "../context";
import { leave } from "./opening";

/** Where in the graph one is: its name, and the instances on the way in. Nothing on the outside. */
export function Breadcrumb() {
  const store = useEditorStore();
  const path = useEditor((state) => state.path);
  const document = useEditor((state) => state.history.present);
  if (!path.length) return null;
  const steps = [document.name || "Untitled", ...titlesOn(document, path)];
  return (
    <nav
      aria-label="Where you are"
      className={cx(
        "absolute top-2 left-12 z-10 flex max-w-[calc(100%-6rem)] items-center gap-0.5",
        "rounded-lg border border-line bg-surface px-1 py-0.5 text-sm",
      )}
    >
      <button
        type="button"
        aria-label="Leave the composite"
        title="Leave the composite (Escape)"
        onClick={() => leave(store)}
        className="rounded-md p-1 text-ink-2 hover:bg-sunken hover:text-ink"
      >
        <CornerLeftUp className="size-3.5" aria-hidden />
      </button>
      {steps.map((title, depth) => (
        <Fragment key={`${depth}`}>
          {depth > 0 && <ChevronRight className="size-3.5 shrink-0 text-ink-3" aria-hidden />}
          {depth === steps.length - 1 ? (
            <b aria-current="page" className="truncate px-1.5 py-0.5 font-semibold">
              {title}
            </b>
          ) : (
            <button
              type="button"
              onClick={() => store.getState().open(path.slice(0, depth), path.slice(depth, depth + 1))}
              className="truncate rounded-md px-1.5 py-0.5 text-ink-2 hover:bg-sunken hover:text-ink"
            >
              {title}
            </button>
          )}
        </Fragment>
      ))}
    </nav>
  );
}

/** What the instances on a way are called. */
function titlesOn(document: GraphDocument, path: readonly string[]): string[] {
  let shown: GraphDocument | undefined = document;
  return path.map((id) => {
    const node: GraphDocument["nodes"][string] | undefined = shown?.nodes[id];
    const title = node?.title ?? compositeOf(document, node)?.title ?? id;
    shown = insideOf(document, compositeIdOf(node?.type ?? "") ?? "");
    return title;
  });
}
