"use client";

import { duration } from "../_ui/amounts";
import { ConfirmDialog } from "../_ui/confirm-dialog";

interface StopDialogProps {
  /** Milliseconds of work that would be thrown away. */
  lost: number;
  onStop(): void;
  onClose(): void;
}

/** Asks before a run is stopped whose work took long. */
export function StopDialog({ lost, onStop, onClose }: StopDialogProps) {
  return (
    <ConfirmDialog
      title="Stop the run?"
      confirm="Stop the run"
      cancel="Let it run"
      onConfirm={onStop}
      onClose={onClose}
    >
      {duration(lost)} of work are lost: what finished nodes gave and a training's checkpoints stay, what came after
      them does not.
    </ConfirmDialog>
  );
}
