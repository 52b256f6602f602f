"use client";

import { Columns3 } from "lucide-react";
import { Popover } from "radix-ui";
import { Button } from "../_ui/button";
import { Checkbox } from "../_ui/checkbox";

/** Chooses which numbers of runs have a column. */
export function ColumnsMenu({
  names,
  shown,
  onChange,
}: {
  names: readonly string[];
  shown: readonly string[];
  onChange(shown: string[]): void;
}) {
  if (!names.length) return null;
  return (
    <Popover.Root>
      <Popover.Trigger asChild>
        <Button>
          <Columns3 className="size-4" aria-hidden />
          Columns
        </Button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          align="end"
          sideOffset={6}
          className="z-50 max-h-80 w-64 overflow-y-auto rounded-xl border border-line-strong bg-raised p-3 shadow-2xl"
        >
          {names.map((name) => (
            <Checkbox
              key={name}
              label={name.replace(".", " · ")}
              className="py-1"
              checked={shown.includes(name)}
              onChange={(isOn) => onChange(isOn ? [...shown, name] : shown.filter((each) => each !== name))}
            />
          ))}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
