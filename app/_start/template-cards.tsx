"use client";

import { GraduationCap, PackageOpen, Search, Timer } from "lucide-react";
import { type ReactNode, useState } from "react";
import { countOf, duration, size } from "../_ui/amounts";
import { cx } from "../_ui/cx";
import { groups, publishedGroup } from "./template-facts";

/** A template as its card shows it, and how a graph is made of it. */
export interface TemplateEntry {
  key: string;
  name: string;
  description: string;
  nodes: number;
  trains: boolean;
  group: string;
  tags: readonly string[];
  needs: readonly string[];
  /** What a run took where it was measured: seconds, bytes, and on how many cores. */
  measured?: { seconds: number; memory: number; cores: number };
  source: { template: string } | { from: string };
  picture: ReactNode;
}

interface TemplateCardsProps {
  templates: readonly TemplateEntry[];
  disabled: boolean;
  onPick(source: TemplateEntry["source"]): void;
}

/** What there is to start from, in groups, with a search over all that a card says. */
export function TemplateCards({ templates, disabled, onPick }: TemplateCardsProps) {
  const [search, setSearch] = useState("");
  const found = templates.filter((template) => isFound(template, search));
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
      {[...groups, publishedGroup].map((group) => {
        const inGroup = found.filter((template) => template.group === group);
        return inGroup.length ? (
          <Group key={group} title={group} templates={inGroup} disabled={disabled} onPick={onPick} />
        ) : null;
      })}
      {!found.length && <p className="mt-6 text-ink-2">No template is about that. Try “zero-shot” or “LoRA”.</p>}
    </section>
  );
}

function isFound({ name, description, group, tags }: TemplateEntry, search: string): boolean {
  const text = [name, description, group, ...tags].join(" ").toLowerCase();
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
      <div className="relative h-44 w-full overflow-hidden border-b border-line bg-sunken">{picture}</div>
      <div className="flex flex-1 flex-col gap-1 p-4">
        <div className="font-semibold wrap-anywhere text-ink">{name}</div>
        <p className="flex-1 wrap-anywhere text-ink-2">{description}</p>
        <Facts template={template} />
      </div>
    </button>
  );
}

function Facts({ template: { nodes, trains, tags, needs, measured } }: { template: TemplateEntry }) {
  return (
    <div className="mt-2 flex flex-wrap items-center gap-x-3 gap-y-1 text-xs text-ink-3">
      <span>{countOf(nodes, "node")}</span>
      {trains && (
        <span className="inline-flex items-center gap-1">
          <GraduationCap className="size-3.5" aria-hidden />
          trains
        </span>
      )}
      {measured && (
        <span className="inline-flex items-center gap-1" title={`As measured on ${measured.cores} cores`}>
          <Timer className="size-3.5" aria-hidden />
          {duration(measured.seconds * 1000)}, {size(measured.memory)}
        </span>
      )}
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
