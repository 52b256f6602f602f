"use client";

import { Command } from "cmdk";
import { Plus } from "lucide-react";
import { type KeyboardEvent, useState } from "react";
import { Button } from "../../_ui/button";
import { cx } from "../../_ui/cx";
import type { Field } from "../widgets/describe";
import type { Variable } from "./axes";

interface PickerProps {
  offered: readonly Variable[];
  onPick(node: string, field: Field): void;
}

/** A button that opens to a search over the parameters that can be varied. */
export function ParameterPicker({ offered, onPick }: PickerProps) {
  const [open, setOpen] = useState(false);
  if (!open)
    return (
      <Button size="s" className="mt-2" onClick={() => setOpen(true)}>
        <Plus className="size-3.5" aria-hidden />
        Add a parameter
      </Button>
    );
  const pick: PickerProps["onPick"] = (node, field) => {
    onPick(node, field);
    setOpen(false);
  };
  return <Search offered={offered} onPick={pick} onClose={() => setOpen(false)} />;
}

function Search({ offered, onPick, onClose }: PickerProps & { onClose(): void }) {
  // Escape closes the search, and not the dialog around it.
  const closeOnEscape = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    onClose();
  };
  return (
    <Command
      label="Add a parameter"
      className="mt-2 overflow-hidden rounded-lg border border-line-strong bg-surface"
      filter={fits}
      onKeyDown={closeOnEscape}
    >
      <Command.Input
        autoFocus
        placeholder="Find a parameter"
        className="w-full border-b border-line bg-transparent px-3 py-2 outline-none"
      />
      <Command.List className="max-h-52 overflow-y-auto p-1">
        <Command.Empty className="p-3 text-center text-ink-3">
          No parameter that the metric depends on is called that.
        </Command.Empty>
        {offered.map((variable) => (
          <Parameters key={variable.node} variable={variable} onPick={onPick} />
        ))}
      </Command.List>
    </Command>
  );
}

/** How well a parameter fits what is typed: letters that lie apart in its names are no match. */
function fits(value: string, search: string, keywords: string[] = []): number {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const [title = "", label = ""] = keywords.map((keyword) => keyword.toLowerCase());
  const all = `${title} ${label} ${value.toLowerCase()}`;
  if (!words.every((word) => all.includes(word))) return 0;
  return words.every((word) => label.includes(word)) ? 1 : 0.5;
}

function Parameters({
  variable: { node, title, fields },
  onPick,
}: {
  variable: Variable;
  onPick: PickerProps["onPick"];
}) {
  return (
    <Command.Group
      heading={title}
      className="text-xs text-ink-3 [&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:py-1"
    >
      {fields.map((field) => (
        <Command.Item
          key={field.name}
          value={`${node}.${field.name}`}
          keywords={[title, field.label]}
          onSelect={() => onPick(node, field)}
          className={cx(
            "flex cursor-pointer items-center justify-between gap-3 rounded-md px-2 py-1",
            "text-sm text-ink data-[selected=true]:bg-accent-soft",
          )}
        >
          <span className="truncate">{field.label}</span>
          {field.unit && <span className="text-xs text-ink-3">{field.unit}</span>}
        </Command.Item>
      ))}
    </Command.Group>
  );
}
