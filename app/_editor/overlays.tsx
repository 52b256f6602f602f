"use client";

import { lazy, Suspense, useEffect } from "react";
import { whenIdle } from "../_ui/when-idle";
import { useEditor, useView } from "./context";

const CommandPalette = lazy(async () => ({ default: (await import("./command-palette")).CommandPalette }));
const FrameList = lazy(async () => ({ default: (await import("./frame-list")).FrameList }));
const KeysDialog = lazy(async () => ({ default: (await import("./keys-dialog")).KeysDialog }));

const ShareGraph = lazy(async () => ({ default: (await import("./share-graph")).ShareGraph }));
const Publishing = lazy(async () => ({ default: (await import("./publishing")).Publishing }));
const UseAsApi = lazy(async () => ({ default: (await import("../api-docs/use-as-api")).UseAsApi }));
const PublishGraphApp = lazy(async () => ({ default: (await import("./publish-graph-app")).PublishGraphApp }));
const SweepDialog = lazy(async () => ({ default: (await import("./sweep/sweep-dialog")).SweepDialog }));
const UpdatesWindow = lazy(async () => ({ default: (await import("./updates-window")).UpdatesWindow }));

/** What opens by a key or a click, and is there at once because it was loaded while nothing was done. */
function loadAhead(): void {
  void import("./command-palette");
  void import("./commands/arrange");
  void import("./canvas/add-popup");
  void import("./canvas/connect-popup");
  void import("./find-bar");
  void import("./picture-drawing");
}

/** What lies over the editor, and what is told to those who cannot see it. */
export function Overlays() {
  const overlay = useView((state) => state.overlay);
  const show = useView((state) => state.show);
  const graphId = useEditor((state) => state.graphId);
  useEffect(() => whenIdle(loadAhead), []);
  return (
    <>
      <Suspense>
        {overlay === "palette" && <CommandPalette />}
        {overlay === "frames" && <FrameList />}
        {overlay === "keys" && <KeysDialog />}
        {overlay === "publish" && <Publishing />}
        {overlay === "sweep" && <SweepDialog onClose={() => show(undefined)} />}
        {overlay === "updates" && <UpdatesWindow />}
        {overlay === "share" && <ShareGraph />}
        {overlay === "api" && graphId && <UseAsApi graph={graphId} onClose={() => show(undefined)} />}
        {overlay === "app" && <PublishGraphApp />}
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
