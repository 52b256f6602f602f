"use client";

import { CommandPalette } from "./command-palette";
import { useView } from "./context";
import { KeysDialog } from "./keys-dialog";

/** What lies over the editor, and what is told to those who cannot see it. */
export function Overlays() {
  const overlay = useView((state) => state.overlay);
  return (
    <>
      {overlay === "palette" && <CommandPalette />}
      {overlay === "keys" && <KeysDialog />}
      <Announcements />
    </>
  );
}

function Announcements() {
  const text = useView((state) => state.announcement);
  return (
    <div role="status" aria-live="polite" className="sr-only" data-announcement>
      {text}
    </div>
  );
}
