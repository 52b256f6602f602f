"use client";

import { Choice } from "../_ui/choice";
import { cx } from "../_ui/cx";
import { mostFrequent } from "../_ui/most-frequent";
import type { Shelf, TemplateEntry } from "./template-entry";
import { groups, publishedGroup, registryGroup } from "./template-facts";

export interface GalleryView {
  shelf: Shelf | "all";
  order: "kind" | "uses" | "newest";
}

const shelves: Record<GalleryView["shelf"], string> = {
  all: "All",
  shipped: "Shipped",
  team: "My teams",
  everyone: "Everyone here",
  registry: "Registries",
};
const orders: Record<GalleryView["order"], string> = { kind: "By kind", uses: "Most used", newest: "Newest" };

interface GalleryBarProps {
  templates: readonly TemplateEntry[];
  view: GalleryView;
  onChange(view: GalleryView): void;
  search: string;
  onSearch(text: string): void;
}

/** More tags than these are no help. */
const mostTags = 16;

/** Which templates are shown, and in what order. Whose they are is no choice while there are only those that ship. */
export function GalleryBar({ templates, view, onChange, search, onSearch }: GalleryBarProps) {
  const shelvesThere = templates.flatMap(({ shelf, isOfMyTeam }) => [shelf, ...(isOfMyTeam ? ["team"] : [])]);
  const there = new Set<string>(["all", ...shelvesThere]);
  const offered = Object.fromEntries(Object.entries(shelves).filter(([shelf]) => there.has(shelf)));
  const tags = mostFrequent(templates.flatMap((template) => template.tags));
  return (
    <div className="mt-4 flex flex-wrap items-center gap-x-3 gap-y-2" data-gallery-bar>
      {there.size > 2 && (
        <Choice
          label="Whose"
          options={offered as typeof shelves}
          value={view.shelf}
          onChange={(shelf) => onChange({ ...view, shelf })}
        />
      )}
      <Choice label="Order" options={orders} value={view.order} onChange={(order) => onChange({ ...view, order })} />
      <div className="flex flex-wrap gap-1.5">
        {tags.slice(0, mostTags).map((tag) => (
          <TagButton key={tag} tag={tag} isOn={tag === search} onPress={() => onSearch(tag === search ? "" : tag)} />
        ))}
      </div>
    </div>
  );
}

/** Looks for a tag; pressed again, for nothing. */
function TagButton({ tag, isOn: isPressed, onPress }: { tag: string; isOn: boolean; onPress(): void }) {
  return (
    <button
      type="button"
      aria-pressed={isPressed}
      className={cx(
        "rounded-full px-2 py-0.5 text-xs",
        isPressed ? "bg-accent text-accent-ink" : "bg-sunken text-ink-2 hover:text-ink",
      )}
      onClick={onPress}
    >
      {tag}
    </button>
  );
}

/** What a team shows to everybody is the team's as well. */
export const isOn = ({ shelf, isOfMyTeam }: TemplateEntry, wanted: GalleryView["shelf"]): boolean =>
  wanted === "all" || shelf === wanted || (wanted === "team" && isOfMyTeam === true);

/** Templates under their headings: by kind, or all in one order. */
export function shelvesOf(
  templates: readonly TemplateEntry[],
  order: GalleryView["order"],
): { title: string; templates: TemplateEntry[] }[] {
  if (order === "kind") {
    const titles = [...groups, publishedGroup, registryGroup];
    const easiest = [...templates].sort((a, b) => effortOf(a) - effortOf(b));
    const all = titles.map((title) => ({ title, templates: easiest.filter(({ group }) => group === title) }));
    return all.filter((group) => group.templates.length > 0);
  }
  const by = order === "uses" ? "uses" : "changedAt";
  const sorted = [...templates].sort((a, b) => (b[by] ?? 0) - (a[by] ?? 0));
  return sorted.length ? [{ title: orders[order], templates: sorted }] : [];
}

/** What runs at once comes first, then what trains, then what needs something that is not here. */
const effortOf = ({ needs, trains }: TemplateEntry): number => (needs.length ? 2 : 0) + (trains ? 1 : 0);
