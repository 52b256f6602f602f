"use client";

import { AlertDialog } from "radix-ui";
import type { ReactNode } from "react";
import { Button } from "./button";
import { cx } from "./cx";

interface ConfirmDialogProps {
  title: string;
  /** What it would do that cannot be taken back. */
  children: ReactNode;
  /** What the buttons say: for it, and against it. */
  confirm: string;
  cancel?: string;
  onConfirm(): void;
  onClose(): void;
}

/** Asks before something is done that cannot be taken back. */
export function ConfirmDialog({ title, children, confirm, cancel = "Cancel", onConfirm, onClose }: ConfirmDialogProps) {
  return (
    <AlertDialog.Root open onOpenChange={(isOpen) => !isOpen && onClose()}>
      <AlertDialog.Portal>
        <AlertDialog.Overlay className="fixed inset-0 z-40 bg-black/40" />
        <AlertDialog.Content
          className={cx(
            "fixed top-1/2 left-1/2 z-50 w-[min(420px,94vw)] -translate-x-1/2 -translate-y-1/2",
            "rounded-xl border border-line bg-raised p-4 shadow-2xl outline-none",
          )}
        >
          <AlertDialog.Title className="font-semibold">{title}</AlertDialog.Title>
          <AlertDialog.Description className="mt-1.5 text-ink-2">{children}</AlertDialog.Description>
          <div className="mt-4 flex justify-end gap-2">
            <AlertDialog.Cancel asChild>
              <Button>{cancel}</Button>
            </AlertDialog.Cancel>
            <AlertDialog.Action asChild>
              <Button look="danger" onClick={onConfirm}>
                {confirm}
              </Button>
            </AlertDialog.Action>
          </div>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
