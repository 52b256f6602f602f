"use client";

import { ChevronDown, Search } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import type { NodeDefinition } from "#nodes/core/node";
import { cx } from "../_ui/cx";
import { colourOf, findByCategory } from "./node-catalogue";
import { PaletteEntry } from "./palette-entry";

const CompositeEntries = lazy(async () => ({
  default: (await import("./composites/composite-entries")).CompositeEntries,
}));
const LibraryEntries = lazy(async () => ({ default: (await import("./composites/composite-entries")).LibraryEntries }));

type Pick = (type: string) => void;

/** All node types, by category and by search; dragged onto the canvas or put there with Enter. */
export function Palette({ onPick }: { onPick: Pick }) {
  const [search, setSearch] = useState("");
  const [closed, setClosed] = useState<readonly string[]>([]);
  const sections = findByCategory(search);
  const pickFirst = () => {
    const first = sections[0]?.found[0];
    if (search && first) onPick(first.type);
  };
  const toggle = (category: string) =>
    setClosed(closed.includes(category) ? closed.filter((other) => other !== category) : [...closed, category]);
  return (
    <div className="flex h-full flex-col">
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
        <Suspense>
          <CompositeEntries search={search} onPick={onPick} />
          <LibraryEntries search={search} onPick={onPick} />
        </Suspense>
        {sections.map(({ category, found }) => (
          <Category
            key={category}
            title={category}
            definitions={found}
            // What is searched for is never hidden.
            isOpen={search !== "" || !closed.includes(category)}
            onToggle={() => toggle(category)}
            onPick={onPick}
          />
        ))}
        {!sections.length && search !== "" && <p className="p-3 text-center text-ink-3">No node is called that.</p>}
      </div>
    </div>
  );
}

function Category({
  title,
  definitions,
  isOpen,
  onToggle,
  onPick,
}: {
  title: string;
  definitions: readonly NodeDefinition[];
  isOpen: boolean;
  onToggle(): void;
  onPick: Pick;
}) {
  return (
    <section>
      <button
        type="button"
        aria-expanded={isOpen}
        onClick={onToggle}
        className={cx(
          "flex w-full items-center justify-between px-1.5 pt-3 pb-1",
          "text-[11px] font-semibold tracking-wide text-ink-3 uppercase hover:text-ink-2",
        )}
      >
        {title}
        <ChevronDown className={cx("size-3.5 transition", !isOpen && "-rotate-90")} aria-hidden />
      </button>
      {isOpen &&
        definitions.map((definition) => {
          const { type, title: name, description } = definition;
          const icon = <Dot definition={definition} />;
          return <PaletteEntry key={type} title={name} {...{ type, description, icon, onPick }} />;
        })}
    </section>
  );
}

function Dot({ definition }: { definition: NodeDefinition }) {
  return <span className="size-2 shrink-0 rounded-full" style={{ background: colourOf(definition) }} />;
}
