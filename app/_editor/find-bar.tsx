"use client";

import { useReactFlow } from "@xyflow/react";
import { ChevronDown, ChevronUp, X } from "lucide-react";
import { type KeyboardEvent, useMemo, useState } from "react";
import { separator } from "#nodes/graph/composites";
import { IconButton } from "../_ui/button";
import { cx } from "../_ui/cx";
import { duration, rectsOf } from "./commands/view";
import { reveal } from "./composites/opening";
import { useEditor, useEditorStore, useViewStore } from "./context";
import { findNodes, type Hit } from "./finding";

/** Finds nodes by what is written on them; Enter walks from one to the next and brings it into the middle. */
export function FindBar() {
  const view = useViewStore();
  const [search, setSearch] = useState("");
  const [place, setPlace] = useState(-1);
  const document = useEditor((state) => state.history.present);
  const problems = useEditor((state) => state.checked.problems);
  const hits = useMemo(() => findNodes(document, problems, search), [document, problems, search]);
  const goTo = useGoTo();
  const close = () => view.getState().show(undefined);
  function walk(by: 1 | -1): void {
    const next = hits.length ? (place + by + hits.length) % hits.length : -1;
    setPlace(next);
    const hit = hits[next];
    if (!hit) return;
    goTo(hit);
    view.getState().announce(`${next + 1} of ${hits.length}: ${hit.title}. ${hit.place}`);
  }
  function press(event: KeyboardEvent): void {
    if (event.key === "Enter" || event.key === "ArrowDown") walk(event.shiftKey ? -1 : 1);
    else if (event.key === "ArrowUp") walk(-1);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
  return (
    <search
      aria-label="Find in the graph"
      className={cx(
        "absolute top-2 left-1/2 z-20 w-96 max-w-[calc(100%-6rem)]",
        "-translate-x-1/2 rounded-lg border border-line-strong bg-raised shadow-xl",
      )}
    >
      <div className="flex items-center gap-1 px-2 py-1">
        <input
          ref={focus}
          aria-label="Find in the graph"
          placeholder="Titles, types, parameters, problems"
          className="min-w-0 flex-1 bg-transparent px-1 py-1 outline-none"
          value={search}
          onChange={(event) => {
            setSearch(event.target.value);
            setPlace(-1);
          }}
          onKeyDown={press}
        />
        <span className="shrink-0 text-2xs text-ink-2 tabular-nums" data-hits>
          {search && (hits.length ? `${place + 1} of ${hits.length}` : "none")}
        </span>
        <IconButton label="Before" onClick={() => walk(-1)} disabled={!hits.length} className="!size-7">
          <ChevronUp className="size-4" aria-hidden />
        </IconButton>
        <IconButton label="Next" onClick={() => walk(1)} disabled={!hits.length} className="!size-7">
          <ChevronDown className="size-4" aria-hidden />
        </IconButton>
        <IconButton label="Close" onClick={close} className="!size-7">
          <X className="size-4" aria-hidden />
        </IconButton>
      </div>
      {hits.length > 0 && (
        <ol className="max-h-56 overflow-y-auto border-t border-line p-1">
          {hits.map((hit, i) => (
            <li key={hit.way}>
              <button
                type="button"
                tabIndex={-1}
                onClick={() => {
                  setPlace(i);
                  goTo(hit);
                }}
                className={cx("block w-full rounded-md px-2 py-1 text-left", i === place && "bg-accent-soft")}
              >
                <span className="block truncate">{hit.title}</span>
                {hit.place !== hit.title && <span className="block truncate text-2xs text-ink-2">{hit.place}</span>}
              </button>
            </li>
          ))}
        </ol>
      )}
    </search>
  );
}

/** A bar that is asked for is to be typed into. */
const focus = (field: HTMLInputElement | null) => field?.focus();

/** Milliseconds until the inside of a composite that was opened is drawn and fitted. */
const untilOpened = 160;

/** Opens what a node lies in, chooses it, and brings it into the middle; not farther away than it can be read. */
function useGoTo(): (hit: Hit) => void {
  const store = useEditorStore();
  const flow = useReactFlow();
  return ({ way }) => {
    const before = store.getState().path;
    reveal(store, way);
    const id = way.split(separator).at(-1) ?? way;
    function centre(): void {
      const [rect] = rectsOf(flow, [id]);
      if (!rect) return;
      const zoom = Math.max(flow.getZoom(), 0.7);
      void flow.setCenter(rect.x + rect.width / 2, rect.y + rect.height / 2, { zoom, duration: duration() });
    }
    const isOpened = before.join(separator) !== store.getState().path.join(separator);
    setTimeout(centre, isOpened ? untilOpened : 0);
  };
}
