import { Command } from "cmdk";
import type { ReactNode } from "react";

/** A line of a list that is chosen from by keys or the pointer. */
export function MenuItem({ value, onSelect, children }: { value: string; onSelect(): void; children: ReactNode }) {
  return (
    <Command.Item
      value={value}
      onSelect={onSelect}
      className="flex cursor-pointer items-center gap-2 rounded-md px-2.5 py-1.5 data-[selected=true]:bg-accent-soft"
    >
      {children}
    </Command.Item>
  );
}
