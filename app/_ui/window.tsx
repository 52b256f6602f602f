"use client";

import { X } from "lucide-react";
import { Dialog } from "radix-ui";
import type { ReactNode } from "react";
import { IconButton } from "./button";
import { cx } from "./cx";

/** A window over the page. Escape, the cross and a click beside it close it. */
export function Window({
  title,
  width = 860,
  height,
  footer,
  onClose,
  children,
}: {
  title: string;
  width?: number;
  /** For what fills the window, such as a canvas; it has no margins then. */
  height?: number;
  footer?: ReactNode;
  onClose(): void;
  children: ReactNode;
}) {
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 bg-black/40" />
        <Dialog.Content
          aria-describedby={undefined}
          style={{ width: `min(${width}px, 94vw)`, height: height && `min(${height}px, 86vh)` }}
          className={cx(
            "fixed top-1/2 left-1/2 z-50 flex max-h-[86vh] -translate-x-1/2 -translate-y-1/2 flex-col",
            "rounded-xl border border-line bg-raised shadow-2xl outline-none",
          )}
        >
          <div className="flex items-center justify-between border-b border-line px-4 py-2.5">
            <Dialog.Title className="font-semibold">{title}</Dialog.Title>
            <Dialog.Close asChild>
              <IconButton label="Close">
                <X className="size-4" aria-hidden />
              </IconButton>
            </Dialog.Close>
          </div>
          {height ? (
            <div className="flex min-h-0 flex-1">{children}</div>
          ) : (
            // What is longer than the window is scrolled by keys, too.
            // biome-ignore lint/a11y/noNoninteractiveTabindex: without the focus keys would not scroll it
            <div tabIndex={0} className="min-h-0 flex-1 overflow-y-auto p-4 -outline-offset-2">
              {children}
            </div>
          )}
          {footer && <div className="flex items-center gap-3 border-t border-line px-4 py-3">{footer}</div>}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
