"use client";

import { useMemo } from "react";
import { RunCurves } from "../_ui/run-curves";
import { Window } from "../_ui/window";
import { useEditor } from "./context";
import { hasEnded } from "./run-state";

/** All lines that the run drew, or draws while it goes on. */
export function RunCurvesWindow({ id, onClose }: { id: string; onClose(): void }) {
  const name = useEditor((state) => state.history.present.name);
  const going = useEditor((state) => !hasEnded(state.run.status));
  const runs = useMemo(() => [{ id, label: name || "Untitled", colour: "--accent", going }], [id, name, going]);
  return (
    <Window title={name || "Untitled"} width={1080} onClose={onClose}>
      <div className="[&>section]:mt-0">
        <RunCurves runs={runs} />
      </div>
    </Window>
  );
}
