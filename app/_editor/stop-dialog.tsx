"use client";

import { AlertDialog } from "radix-ui";
import { duration } from "../_ui/amounts";
import { Button } from "../_ui/button";
import { cx } from "../_ui/cx";

interface StopDialogProps {
  /** Milliseconds of work that would be thrown away. */
  lost: number;
  onStop(): void;
  onClose(): void;
}

/** Asks before a run is stopped whose work took long. */
export function StopDialog({ lost, onStop, onClose }: StopDialogProps) {
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
          <AlertDialog.Title className="font-semibold">Stop the run?</AlertDialog.Title>
          <AlertDialog.Description className="mt-1.5 text-ink-2">
            {duration(lost)} of work are lost: what finished nodes gave and a training's checkpoints stay, what came
            after them does not.
          </AlertDialog.Description>
          <div className="mt-4 flex justify-end gap-2">
            <AlertDialog.Cancel asChild>
              <Button>Let it run</Button>
            </AlertDialog.Cancel>
            <AlertDialog.Action asChild>
              <Button look="danger" onClick={onStop}>
                Stop the run
              </Button>
            </AlertDialog.Action>
          </div>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
