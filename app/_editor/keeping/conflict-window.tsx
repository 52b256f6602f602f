"use client";

import { useState } from "react";
import type { GraphDocument } from "#nodes/graph/document";
import { merge } from "#nodes/graph/merge";
import type { Choice, Conflict } from "#nodes/graph/merge-choices";
import { countOf } from "../../_ui/amounts";
import { Button } from "../../_ui/button";
import { cx } from "../../_ui/cx";
import { fieldText, ownerText, placeOf, valueText } from "../../_ui/diff/told";
import { Window } from "../../_ui/window";

interface ConflictWindowProps {
  base: GraphDocument;
  mine: GraphDocument;
  theirs: GraphDocument;
  /** What the two sides are called. */
  names: { mine: string; theirs: string };
  onChoose(choices: Readonly<Record<string, Choice>>): void;
  onClose(): void;
}

/** Asks what two windows both changed, part by part, with the values of both. All else is merged already. */
export function ConflictWindow({ base, mine, theirs, names, onChoose, onClose }: ConflictWindowProps) {
  const [choices, setChoices] = useState<Record<string, Choice>>({});
  const [asked, setAsked] = useState<readonly Conflict[]>([]);
  const { conflicts } = merge(base, mine, theirs, { choices });
  // A choice may bring another question: those that were answered stay where they are.
  const known = new Set(asked.map(({ key }) => key));
  const fresh = conflicts.filter(({ key }) => !known.has(key));
  const all = [...asked, ...fresh];
  function choose(key: string, choice: Choice): void {
    setAsked(all);
    setChoices({ ...choices, [key]: choice });
  }
  function chooseAll(choice: Choice): void {
    setAsked(all);
    setChoices(Object.fromEntries(all.map(({ key }) => [key, choice])));
  }
  const left = all.filter(({ key }) => !choices[key]).length;
  const footer = (
    <>
      <Button size="s" onClick={() => chooseAll("mine")}>
        All of {names.mine}
      </Button>
      <Button size="s" onClick={() => chooseAll("theirs")}>
        All of {names.theirs}
      </Button>
      <Button look="primary" className="ml-auto" disabled={left > 0} onClick={() => onChoose(choices)}>
        {left ? `${countOf(left, "question")} left` : "Merge"}
      </Button>
    </>
  );
  return (
    <Window title="Both changed the same" width={720} footer={footer} onClose={onClose}>
      <p className="mb-3 text-ink-2">
        Everything else is merged. Choose what shall stand in {countOf(all.length, "place")}; undo brings back neither.
      </p>
      <ul className="flex flex-col gap-2">
        {all.map((conflict) => (
          <ConflictRow
            key={conflict.key}
            conflict={conflict}
            documents={[mine, theirs, base]}
            names={names}
            choice={choices[conflict.key]}
            onChoose={(choice) => choose(conflict.key, choice)}
          />
        ))}
      </ul>
    </Window>
  );
}

interface ConflictRowProps {
  conflict: Conflict;
  documents: readonly GraphDocument[];
  names: ConflictWindowProps["names"];
  choice: Choice | undefined;
  onChoose(choice: Choice): void;
}

function ConflictRow({ conflict, documents, names, choice, onChoose }: ConflictRowProps) {
  const place = placeOf(conflict.path);
  const what = [ownerText(place, documents), fieldText(place, documents)].filter(Boolean).join(" · ");
  const isWhole = place.field === undefined && place.id !== undefined;
  const told = (value: unknown) => (isWhole ? wholeText(value, place.table) : valueText(value, place, documents));
  return (
    <li className="rounded-lg border border-line p-2.5" data-conflict={conflict.path.join(".")}>
      <div className="flex items-baseline gap-2">
        <span className="font-medium wrap-anywhere">{what}</span>
        {!isWhole && <span className="ml-auto text-2xs text-ink-3">before: {told(conflict.base)}</span>}
      </div>
      <div role="radiogroup" aria-label={what} className="mt-2 grid grid-cols-2 gap-2">
        {(["mine", "theirs"] as const).map((side) => (
          <button
            key={side}
            type="button"
            role="radio"
            aria-checked={choice === side}
            onClick={() => onChoose(side)}
            className={cx(
              "rounded-md border px-2.5 py-1.5 text-left",
              choice === side ? "border-accent bg-accent-soft" : "border-line-strong hover:bg-sunken",
            )}
          >
            <span className="block text-2xs text-ink-3">{names[side]}</span>
            <span className="block font-mono text-xs wrap-anywhere whitespace-pre-wrap">{told(conflict[side])}</span>
          </button>
        ))}
      </div>
    </li>
  );
}

/** What became of a node, a wire or a frame. */
function wholeText(value: unknown, table: string): string {
  if (value === undefined) return "deleted";
  const wire = table === "wires" ? (value as { from?: { node: string; port: string } }) : {};
  return wire.from ? `from ${wire.from.node}.${wire.from.port}` : "kept, as it was changed";
}
