"use client";

import { ChevronDown, Search } from "lucide-react";
import { type KeyboardEvent, lazy, type ReactNode, Suspense, useState } from "react";
import type { NodeDefinition } from "#nodes/core/node";
import { cx } from "../_ui/cx";
import { useChosenNodes } from "./chosen-nodes";
import { NodeEntry } from "./node-entry";
import { findByCategory } from "./node-search";
import { useSynonyms } from "./use-synonyms";

const CompositeEntries = lazy(async () => ({
  default: (await import("./composites/composite-entries")).CompositeEntries,
}));
const LibraryEntries = lazy(async () => ({ default: (await import("./composites/composite-entries")).LibraryEntries }));

type Pick = (type: string) => void;

/**
 * All node types, by category and by search, below those that were starred and those that were added last. They are
 * dragged onto the canvas or put there with Enter; the arrow keys walk through them.
 */
export function Palette({ onPick }: { onPick: Pick }) {
  const [search, setSearch] = useState("");
  const [closed, setClosed] = useState<readonly string[]>([]);
  const { favourites, recent } = useChosenNodes();
  const sections = findByCategory(search, useSynonyms(search !== ""));
  const pickFirst = () => {
    const first = sections[0]?.found[0];
    if (search && first) onPick(first.type);
  };
  const toggle = (title: string) =>
    setClosed(closed.includes(title) ? closed.filter((other) => other !== title) : [...closed, title]);
  const section = (title: string, definitions: readonly NodeDefinition[]) => (
    <Section
      key={title}
      title={title}
      // What is searched for is never hidden.
      isOpen={search !== "" || !closed.includes(title)}
      onToggle={() => toggle(title)}
    >
      {definitions.map((definition) => (
        <NodeEntry key={definition.type} {...{ definition, onPick }} />
      ))}
    </Section>
  );
  return (
    <div className="flex h-full flex-col" onKeyDown={walkEntries} role="presentation">
      <label className="relative m-2.5">
        <Search className="absolute top-2 left-2.5 size-4 text-ink-3" aria-hidden />
        <input
          className="field pl-8"
          placeholder="Search nodes"
          aria-label="Search nodes"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
          onKeyDown={(event) => event.key === "Enter" && pickFirst()}
        />
      </label>
      <div className="flex-1 overflow-y-auto px-2 pb-4">
        {!search && favourites.length > 0 && section("Favourites", favourites)}
        {!search && recent.length > 0 && section("Recent", recent)}
        <Suspense>
          <CompositeEntries search={search} onPick={onPick} />
          <LibraryEntries search={search} onPick={onPick} />
        </Suspense>
        {sections.map(({ category, found }) => section(category, found))}
        {!sections.length && search !== "" && <p className="p-3 text-center text-ink-3">No node is called that.</p>}
      </div>
    </div>
  );
}

/** The arrow keys go from the search to the entries below it, from one to the next, and back. */
function walkEntries(event: KeyboardEvent<HTMLElement>): void {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (by === undefined) return;
  const stops = [...event.currentTarget.querySelectorAll<HTMLElement>("input, [data-palette]")];
  const next = stops[stops.indexOf(document.activeElement as HTMLElement) + by];
  // Nodes are not walked meanwhile.
  event.stopPropagation();
  if (!next) return;
  event.preventDefault();
  next.focus();
}

interface SectionProps {
  title: string;
  isOpen: boolean;
  onToggle(): void;
  children: ReactNode;
}

function Section({ title, isOpen, onToggle, children }: SectionProps) {
  return (
    <section aria-label={title}>
      <button
        type="button"
        aria-expanded={isOpen}
        onClick={onToggle}
        className={cx(
          "flex w-full items-center justify-between px-1.5 pt-3 pb-1",
          "text-2xs font-semibold tracking-wide text-ink-3 uppercase hover:text-ink-2",
        )}
      >
        {title}
        <ChevronDown className={cx("size-3.5 transition", !isOpen && "-rotate-90")} aria-hidden />
      </button>
      {isOpen && children}
    </section>
  );
}
