"use client";

import type { LucideIcon } from "lucide-react";
import { Button } from "./button";
import { Checkbox } from "./checkbox";
import { Popup } from "./popup";

interface NamesMenuProps {
  label: string;
  icon: LucideIcon;
  names: readonly string[];
  shown: readonly string[];
  onChange(shown: string[]): void;
  /** How a name is written, where not as it is. */
  textOf?(name: string): string;
}

/** Chooses which of some names are shown, such as the columns of a table; they stay in their order. */
export function NamesMenu({ label, icon: Icon, names, shown, onChange, textOf = String }: NamesMenuProps) {
  if (!names.length) return null;
  return (
    <Popup
      label={label}
      className="max-h-80 w-64 overflow-y-auto p-3"
      trigger={
        <Button>
          <Icon className="size-4" aria-hidden />
          {label}
        </Button>
      }
    >
      {names.map((name) => (
        <Checkbox
          key={name}
          label={textOf(name)}
          className="py-1"
          checked={shown.includes(name)}
          onChange={(isOn) => onChange(names.filter((each) => (each === name ? isOn : shown.includes(each))))}
        />
      ))}
    </Popup>
  );
}
