"use client";

import { GraduationCap, PackageOpen, Search, Timer } from "lucide-react";
import { useState } from "react";
import { countOf, duration, size } from "../_ui/amounts";
import { cx } from "../_ui/cx";
import type { TemplateEntry } from "./template-entry";
import { GalleryBar, type GalleryView, isOn, shelvesOf } from "./gallery-bar";

interface TemplateCardsProps {
  templates: readonly TemplateEntry[];
  disabled: boolean;
  onPick(source: TemplateEntry["source"]): void;
}

/** What there is to start from, in groups, with a search over all that a card says. */
export function TemplateCards({ templates, disabled, onPick }: TemplateCardsProps) {
  const [search, setSearch] = useState("");
  const [view, setView] = useState<GalleryView>({ shelf: "all", order: "kind" });
  const found = templates.filter((template) => isOn(template, view.shelf) && isFound(template, search));
  return (
    <section aria-labelledby="templates">
      <div className="flex flex-wrap items-end gap-x-6 gap-y-3">
        <div className="min-w-64 flex-1">
          <h1 id="templates" className="text-xl font-semibold tracking-tight">
            Start from a template
          </h1>
          <p className="mt-1 text-ink-2">
            Open one, press Run, then change what you like. A card says what it needs; the others run on what is here.
          </p>
        </div>
        <SearchTemplates value={search} onChange={setSearch} />
      </div>
      <GalleryBar templates={templates} view={view} onChange={setView} search={search} onSearch={setSearch} />
      {shelvesOf(found, view.order).map(({ title, templates: inGroup }) => (
        <Group key={title} title={title} templates={inGroup} disabled={disabled} onPick={onPick} />
      ))}
      {!found.length && <p className="mt-6 text-ink-2">No template is about that. Try “zero-shot” or “LoRA”.</p>}
    </section>
  );
}

export function isFound(template: TemplateEntry, search: string): boolean {
  const { name, description, group, tags, needs, by = "", licence = "" } = template;
  const text = [name, description, group, by, licence, ...tags, ...needs].join(" ").toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

function SearchTemplates({ value, onChange }: { value: string; onChange(text: string): void }) {
  return (
    <label className="relative w-64">
      <Search className="pointer-events-none absolute top-2 left-2.5 size-4 text-ink-3" aria-hidden />
      <input
        type="search"
        className="field pl-8"
        placeholder="Search templates"
        aria-label="Search templates"
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </label>
  );
}

function Group({ title, templates, disabled, onPick }: TemplateCardsProps & { title: string }) {
  return (
    <section className="mt-6" aria-label={title}>
      <h2 className="label mb-2">{title}</h2>
      <div className="grid gap-4 sm:grid-cols-2 lg:grid-cols-3">
        {templates.map((template) => (
          <TemplateCard
            key={template.key}
            template={template}
            disabled={disabled}
            onPick={() => onPick(template.source)}
          />
        ))}
      </div>
    </section>
  );
}

interface TemplateCardProps {
  template: TemplateEntry;
  disabled: boolean;
  onPick(): void;
}

function TemplateCard({ template, disabled, onPick }: TemplateCardProps) {
  const { key, name, description, picture } = template;
  return (
    <button
      type="button"
      data-template={key}
      disabled={disabled}
      onClick={onPick}
      className={cx(
        "group flex flex-col overflow-hidden rounded-xl border border-line bg-surface text-left",
        "shadow-[var(--shadow)] transition hover:border-accent",
      )}
    >
      <div className="relative aspect-[45/22] w-full overflow-hidden border-b border-line bg-sunken">{picture}</div>
      <div className="flex flex-1 flex-col gap-1 p-4">
        <div className="font-semibold wrap-anywhere text-ink">{name}</div>
        <div className="flex-1">
          <p className="line-clamp-6 wrap-anywhere text-ink-2">{description}</p>
        </div>
        <Facts template={template} />
      </div>
    </button>
  );
}

function Facts({ template }: { template: TemplateEntry }) {
  const { nodes, trains, tags, needs, by, version, uses, licence } = template;
  return (
    <div className="mt-2 flex flex-wrap items-center gap-x-3 gap-y-1 text-xs text-ink-3">
      {by && <span>{version === undefined ? by : `${by}, version ${version}`}</span>}
      {nodes !== undefined && <span>{countOf(nodes, "node")}</span>}
      {uses !== undefined && uses > 0 && <span>used {uses === 1 ? "once" : `${uses} times`}</span>}
      {trains && (
        <span className="inline-flex items-center gap-1">
          <GraduationCap className="size-3.5" aria-hidden />
          trains
        </span>
      )}
      <Taken template={template} />
      {licence && <span title="Licence">{licence}</span>}
      {tags
        .filter((tag) => tag !== "trains")
        .slice(0, 4)
        .map((tag) => (
          <span key={tag} className="rounded-full bg-sunken px-2 py-px text-ink-2">
            {tag}
          </span>
        ))}
      {needs.map((need) => (
        <span key={need} className="inline-flex items-center gap-1 text-warn">
          <PackageOpen className="size-3.5" aria-hidden />
          needs {need}
        </span>
      ))}
    </div>
  );
}

/** How long a run takes and how much memory it holds: here, where it was run here, otherwise where it was measured. */
function Taken({ template: { measured, secondsHere } }: { template: TemplateEntry }) {
  const time = secondsHere === undefined ? measured && timeOf(measured) : `${duration(secondsHere * 1000)} here`;
  if (time === undefined) return null;
  const memory = measured?.memory === undefined ? "" : `, ${size(measured.memory)}`;
  const title = secondsHere === undefined ? measured && measuredOn(measured) : "As its last whole run took here";
  return (
    <span className="inline-flex items-center gap-1" title={title}>
      <Timer className="size-3.5" aria-hidden />
      {time}
      {memory}
    </span>
  );
}

type Measured = NonNullable<TemplateEntry["measured"]>;

/** Whether the machine did other work besides: alone a run takes less time, and no other memory. */
const wasShared = ({ cores = 0, load = 0 }: Measured): boolean => load > cores / 2;

function timeOf(measured: Measured): string {
  const time = `${wasShared(measured) ? "at most " : ""}${duration(measured.seconds * 1000)}`;
  return measured.cores === undefined ? time : `${time} on ${measured.cores} cores`;
}

function measuredOn(measured: Measured): string {
  if (measured.cores === undefined) return "As its last run took";
  const besides = wasShared(measured) ? " that did other work besides" : "";
  return `As measured on ${measured.cores} cores${besides}`;
}
