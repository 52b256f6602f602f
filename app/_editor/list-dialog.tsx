"use client";

import { Command as Menu } from "cmdk";
import { Dialog } from "radix-ui";
import type { ReactNode } from "react";
import { cx } from "../_ui/cx";

interface ListDialogProps {
  label: string;
  placeholder: string;
  search: string;
  onSearch(text: string): void;
  onClose(): void;
  children: ReactNode;
}

/** A list over everything else, of which one entry is found by words and chosen. */
export function ListDialog({ label, placeholder, search, onSearch, onClose, children }: ListDialogProps) {
  return (
    <Dialog.Root open onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 bg-black/25" />
        <Dialog.Content
          aria-describedby={undefined}
          className={cx(
            "fixed top-[14vh] left-1/2 z-50 w-[min(560px,94vw)] -translate-x-1/2 overflow-hidden",
            "rounded-xl border border-line-strong bg-raised shadow-2xl outline-none",
          )}
        >
          <Dialog.Title className="sr-only">{label}</Dialog.Title>
          <Menu label={label} loop filter={matching}>
            <Menu.Input
              autoFocus
              value={search}
              onValueChange={onSearch}
              placeholder={placeholder}
              className="w-full border-b border-line bg-transparent px-4 py-3 text-base outline-none"
            />
            <Menu.List className="max-h-[min(420px,56vh)] overflow-y-auto p-1.5">
              <Menu.Empty className="p-4 text-center text-ink-3">Nothing is called that.</Menu.Empty>
              {children}
            </Menu.List>
          </Menu>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** All words have to be there; what begins with the first one comes first, what is only called so elsewhere last. */
function matching(value: string, search: string, keywords: readonly string[] = []): number {
  const text = value.toLowerCase();
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const all = [text, ...keywords].join("\n").toLowerCase();
  if (!words.every((word) => all.includes(word))) return 0;
  if (!words.every((word) => text.includes(word))) return 0.2;
  return text.startsWith(words[0] ?? "") || text.includes(` ${words[0]}`) ? 1 : 0.5;
}
