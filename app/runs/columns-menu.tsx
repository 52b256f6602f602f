"use client";

import { Columns3 } from "lucide-react";
import { Button } from "../_ui/button";
import { Checkbox } from "../_ui/checkbox";
import { Popup } from "../_ui/popup";

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
    <Popup
      className="max-h-80 w-64 overflow-y-auto p-3"
      trigger={
        <Button>
          <Columns3 className="size-4" aria-hidden />
          Columns
        </Button>
      }
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
    </Popup>
  );
}
