"use client";

import type { LucideIcon } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { type ReactNode, useEffect, useRef } from "react";
import { cx } from "./cx";

interface FloatingMenuProps {
  label?: string;
  /** What it opens at, in the page's pixels: a button, or a place without size. */
  box: { x: number; y: number; width: number; height: number };
  align: "start" | "end";
  className: string;
  kind?: string;
  /** The button that opened it and closes it again; what else is there can be used while it is open. */
  opener?: Element;
  onClose(): void;
  children: ReactNode;
}

/** A menu that is open, at something that is no part of it. The focus goes back to where it was. */
export function FloatingMenu({ label, box, align, className, kind, opener, onClose, children }: FloatingMenuProps) {
  const before = useRef<Element | null>(document.activeElement);
  useEffect(() => () => void (before.current as HTMLElement | null)?.focus?.({ preventScroll: true }), []);
  return (
    <DropdownMenu.Root open modal={!opener} onOpenChange={(isOpen) => !isOpen && onClose()}>
      <DropdownMenu.Trigger asChild>
        <span
          aria-hidden
          className="pointer-events-none fixed"
          style={{ left: box.x, top: box.y, width: box.width, height: box.height }}
        />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align={align}
          // Beside a place a menu is moved up until it is in the window; below a button it stays.
          side={box.height ? "bottom" : "right"}
          sideOffset={box.height ? 6 : 0}
          aria-label={label}
          onInteractOutside={(event) => {
            if (opener?.contains(event.target as Element)) event.preventDefault();
          }}
          onCloseAutoFocus={(event) => event.preventDefault()}
          className={cx("z-50 rounded-xl border border-line-strong bg-raised p-1.5 shadow-2xl", className)}
          data-menu={kind}
        >
          {children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

interface FloatingItemProps {
  icon?: LucideIcon;
  disabled?: boolean;
  onSelect(): void;
  children: ReactNode;
}

export function FloatingItem({ icon: Icon, disabled, onSelect, children }: FloatingItemProps) {
  return (
    <DropdownMenu.Item
      disabled={disabled}
      onSelect={onSelect}
      className={cx(
        "flex cursor-pointer items-center gap-2 rounded-md px-2 outline-none data-[highlighted]:bg-sunken",
        Icon ? "py-1.5" : "py-1",
        "data-[disabled]:pointer-events-none data-[disabled]:opacity-45",
      )}
    >
      {Icon && <Icon className="size-4 text-ink-3" aria-hidden />}
      {children}
    </DropdownMenu.Item>
  );
}

export function FloatingLine() {
  return <DropdownMenu.Separator className="my-1 h-px bg-line" />;
}
