import { Popover } from "radix-ui";
import type { ReactNode } from "react";
import { cx } from "./cx";

interface PopupProps {
  /** The button that opens it. */
  trigger: ReactNode;
  label?: string;
  align?: "start" | "end";
  className: string;
  /** Whether it is open, where somebody else decides that too. */
  open?: boolean;
  onOpenChange?(isOpen: boolean): void;
  children: ReactNode;
}

/** Something that opens under a button and closes when the pointer or the focus goes elsewhere. */
export function Popup({ trigger, label, align = "end", className, open, onOpenChange, children }: PopupProps) {
  return (
    <Popover.Root open={open} onOpenChange={onOpenChange}>
      <Popover.Trigger asChild>{trigger}</Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          align={align}
          sideOffset={6}
          aria-label={label}
          className={cx("z-50 rounded-xl border border-line-strong bg-raised shadow-2xl outline-none", className)}
        >
          {children}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
