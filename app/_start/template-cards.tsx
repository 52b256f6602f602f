"use client";

import { GraduationCap } from "lucide-react";
import type { ReactNode } from "react";
import { countOf } from "../_ui/amounts";
import { cx } from "../_ui/cx";

/** A template as its card shows it, and how a graph is made of it. */
export interface TemplateEntry {
  key: string;
  name: string;
  description: string;
  nodes: number;
  trains: boolean;
  source: { template: string } | { from: string };
  picture: ReactNode;
}

export function TemplateCards({
  templates,
  disabled,
  onPick,
}: {
  templates: readonly TemplateEntry[];
  disabled: boolean;
  onPick(source: TemplateEntry["source"]): void;
}) {
  return (
    <section aria-labelledby="templates">
      <h1 id="templates" className="text-xl font-semibold tracking-tight">
        Start from a template
      </h1>
      <p className="mt-1 text-ink-2">
        Open one, press Run, then change what you like. Most run on data that is here already; a card says what to
        choose where a model of your own is needed.
      </p>
      <div className="mt-4 grid gap-4 sm:grid-cols-2 lg:grid-cols-3 xl:grid-cols-4">
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

function TemplateCard({
  template: { key, name, description, nodes, trains, picture },
  disabled,
  onPick,
}: {
  template: TemplateEntry;
  disabled: boolean;
  onPick(): void;
}) {
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
      <div className="h-36 w-full border-b border-line bg-sunken p-3">{picture}</div>
      <div className="flex flex-1 flex-col gap-1 p-4">
        <div className="flex items-center gap-2 font-semibold wrap-anywhere text-ink">{name}</div>
        <p className="flex-1 wrap-anywhere text-ink-2">{description}</p>
        <div className="mt-2 flex items-center gap-3 text-xs text-ink-3">
          <span>{countOf(nodes, "node")}</span>
          {trains && (
            <span className="inline-flex items-center gap-1">
              <GraduationCap className="size-3.5" aria-hidden />
              trains
            </span>
          )}
        </div>
      </div>
    </button>
  );
}
