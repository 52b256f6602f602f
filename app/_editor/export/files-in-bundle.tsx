"use client";

import type { UploadedFile } from "#nodes/graph/leaving";
import { size } from "../../_ui/amounts";
import { Checkbox } from "../../_ui/checkbox";

interface FilesInBundleProps {
  files: readonly UploadedFile[];
  /** Those that do not leave, by reference. */
  stays: ReadonlySet<string>;
  onChange(stays: ReadonlySet<string>): void;
}

/** The uploads of a graph, each to be taken along or not. */
export function FilesInBundle({ files, stays, onChange }: FilesInBundleProps) {
  if (!files.length) return null;
  const setStays = (ref: string, isTaken: boolean) => {
    const changed = new Set(stays);
    if (isTaken) changed.delete(ref);
    else changed.add(ref);
    onChange(changed);
  };
  return (
    <ul className="mt-2 max-h-48 overflow-y-auto rounded-lg border border-line px-3 py-1" data-bundle-files>
      {files.map(({ ref, name, bytes }) => (
        <li key={ref} className="flex items-center gap-3 py-1">
          <Checkbox label={name} checked={!stays.has(ref)} onChange={(isTaken) => setStays(ref, isTaken)} />
          {bytes !== undefined && <span className="ml-auto text-xs text-ink-3">{size(bytes)}</span>}
        </li>
      ))}
    </ul>
  );
}
