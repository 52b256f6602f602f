"use client";

import { Choice } from "../_ui/choice";
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
  onTag(tag: string): void;
}

/** Which templates are shown, and in what order. Nothing to choose while there are only those that ship. */
export function GalleryBar({ templates, view, onChange, onTag }: GalleryBarProps) {
  const shelvesThere = templates.flatMap(({ shelf, isOfMyTeam }) => [shelf, ...(isOfMyTeam ? ["team"] : [])]);
  const there = new Set<string>(["all", ...shelvesThere]);
  if (there.size < 3) return null;
  const offered = Object.fromEntries(Object.entries(shelves).filter(([shelf]) => there.has(shelf)));
  const published = templates.filter(({ shelf }) => shelf !== "shipped");
  const tags = mostFrequent(published.flatMap((template) => template.tags));
  return (
    <div className="mt-4 flex flex-wrap items-center gap-3" data-gallery-bar>
      <Choice
        label="Whose"
        options={offered as typeof shelves}
        value={view.shelf}
        onChange={(shelf) => onChange({ ...view, shelf })}
      />
      <Choice label="Order" options={orders} value={view.order} onChange={(order) => onChange({ ...view, order })} />
      {tags.slice(0, 8).map((tag) => (
        <button
          key={tag}
          type="button"
          className="rounded-full bg-sunken px-2 py-0.5 text-xs text-ink-2 hover:text-ink"
          onClick={() => onTag(tag)}
        >
          {tag}
        </button>
      ))}
    </div>
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
