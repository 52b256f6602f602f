"use client";

import { useMemo, useState } from "react";
import { type Change, changesBetween } from "#nodes/graph/changes";
import { compositeNamed } from "#nodes/graph/composites";
import type { GraphDocument } from "#nodes/graph/document";
import { countOf } from "../amounts";
import { Choice } from "../choice";
import { ChangeList } from "./change-list";
import { DiffCanvas } from "./diff-canvas";
import { type Place, placeOf } from "./told";

interface DiffViewProps {
  before: GraphDocument;
  after: GraphDocument;
  /** What the states are called, over their values. */
  names: { before: string; after: string };
}

/** Which version of My nodes a composite was copied from says nothing of what it does. */
const isToldOf = ({ path }: Change): boolean => path[0] !== "composites" || path[2] !== "origin";

/** The graph itself among the composites that are chosen from. */
const top = "the graph";

/**
 * In what two states of a graph differ: on one canvas and in a list. Versions, drafts, snapshots of runs and updates of
 * composites are all shown by it.
 */
export function DiffView({ before, after, names }: DiffViewProps) {
  const changes = useMemo(() => changesBetween(before, after).filter(isToldOf), [before, after]);
  const insides = [...new Set(changes.flatMap(({ path }) => placeOf(path).composite ?? []))];
  const isOutside = changes.some(({ path }) => placeOf(path).composite === undefined);
  const [level, setLevel] = useState(isOutside ? top : (insides[0] ?? top));
  const [chosen, setChosen] = useState<Place>();
  const shown = insides.includes(level) ? level : top;
  if (!changes.length) return <p className="p-4 text-ink-2">Nothing differs. Places of nodes are not compared.</p>;
  const titles = insides.map((id) => [id, (compositeNamed(after, id) ?? compositeNamed(before, id))?.title ?? id]);
  function choose(place: Place): void {
    setLevel(place.composite ?? top);
    setChosen(place);
  }
  const isChosenHere = chosen?.table === "nodes" && (chosen.composite ?? top) === shown;
  return (
    <div className="flex min-h-0 flex-1">
      <div className="relative min-w-0 flex-1" data-diff>
        <DiffCanvas
          key={shown}
          before={before}
          after={after}
          changes={changes}
          composite={shown === top ? undefined : shown}
          chosen={isChosenHere ? chosen.id : undefined}
        />
        {insides.length > 0 && (
          <div className="absolute top-2 left-2">
            <Choice
              label="What is shown"
              options={{ [top]: "The graph", ...Object.fromEntries(titles) }}
              value={shown}
              onChange={setLevel}
            />
          </div>
        )}
      </div>
      <div className="w-[340px] shrink-0 overflow-y-auto border-l border-line px-3 py-2">
        <h3 className="mb-1 text-xs text-ink-3">{countOf(changes.length, "change")}</h3>
        <ChangeList changes={changes} documents={{ before, after }} names={names} onChoose={choose} />
      </div>
    </div>
  );
}
