import { Command } from "cmdk";
import type { ReactNode } from "react";
import { cx } from "../_ui/cx";

interface MenuItemProps {
  value: string;
  /** By what else it is found. */
  keywords?: readonly string[];
  onSelect(): void;
  children: ReactNode;
}

/** A line of a list that is chosen from by keys or the pointer. */
export function MenuItem({ value, keywords, onSelect, children }: MenuItemProps) {
  return (
    <Command.Item
      value={value}
      keywords={keywords && [...keywords]}
      onSelect={onSelect}
      className="flex cursor-pointer items-center gap-2 rounded-md px-2.5 py-1.5 data-[selected=true]:bg-accent-soft"
    >
      {children}
    </Command.Item>
  );
}

/** Lines of a list that belong together, below what they are. */
export function MenuGroup({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Command.Group
      heading={title}
      className={cx(
        "[&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1",
        "[&_[cmdk-group-heading]]:text-2xs [&_[cmdk-group-heading]]:font-semibold",
        "[&_[cmdk-group-heading]]:text-ink-3",
      )}
    >
      {children}
    </Command.Group>
  );
}
