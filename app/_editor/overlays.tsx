"use client";

import { lazy, Suspense } from "react";
import { useView } from "./context";

const CommandPalette = lazy(async () => ({ default: (await import("./command-palette")).CommandPalette }));
const KeysDialog = lazy(async () => ({ default: (await import("./keys-dialog")).KeysDialog }));

const UpdatesWindow = lazy(async () => ({ default: (await import("./updates-window")).UpdatesWindow }));

/** What lies over the editor, and what is told to those who cannot see it. */
export function Overlays() {
  const overlay = useView((state) => state.overlay);
  return (
    <>
      <Suspense>
        {overlay === "palette" && <CommandPalette />}
        {overlay === "keys" && <KeysDialog />}
        {overlay === "updates" && <UpdatesWindow />}
      </Suspense>
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
