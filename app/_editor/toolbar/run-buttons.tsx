import { ArrowUpToLine, ChevronDown, Play, Radar, Square, StepForward } from "lucide-react";
import { useState } from "react";
import { Button } from "../../_ui/button";
import { useActions } from "../actions";
import { commands, keysText } from "../commands";
import { useEditor, useEditorStore, wayTo } from "../context";
import { SweepDialog } from "../sweep/sweep-dialog";
import { Menu, MenuItem } from "./menu";

/** Runs the graph, or a part or a sweep of it, also while a run goes on: then it waits. Stops what goes on. */
export function RunButtons() {
  const isBusy = useEditor(({ run }) => run.status === "queued" || run.status === "running");
  const [isSweeping, setSweeping] = useState(false);
  return (
    <>
      {isBusy && <StopButton />}
      <StartButtons onSweep={() => setSweeping(true)} />
      {isSweeping && <SweepDialog onClose={() => setSweeping(false)} />}
    </>
  );
}

function StopButton() {
  const { stopRun } = useActions();
  return (
    <Button look="danger" onClick={stopRun} title={`${commands.stop.title} (${keysText(commands.stop)})`}>
      <Square className="size-3.5 fill-current" aria-hidden />
      Stop
    </Button>
  );
}

function StartButtons({ onSweep }: { onSweep(): void }) {
  const store = useEditorStore();
  const hasSelection = useEditor((state) => state.selection.length > 0);
  const { runGraph } = useActions();
  const title = `${commands.run.title} (${keysText(commands.run)})`;
  const trigger = (
    <Button look="primary" aria-label="Other ways to run" className="ml-px !rounded-l-none !px-1.5">
      <ChevronDown className="size-4" aria-hidden />
    </Button>
  );
  return (
    <div className="flex">
      <Button look="primary" className="!rounded-r-none" onClick={() => runGraph()} title={title}>
        <Play className="size-3.5 fill-current" aria-hidden />
        Run
      </Button>
      <Menu trigger={trigger}>
        <MenuItem
          icon={StepForward}
          disabled={!hasSelection}
          onSelect={() => runGraph(store.getState().selection.map((id) => wayTo(store.getState(), id)))}
        >
          Run up to the chosen nodes
        </MenuItem>
        <MenuItem icon={ArrowUpToLine} onSelect={() => runGraph(undefined, { next: true })}>
          Run next, before all that waits
        </MenuItem>
        <MenuItem icon={Radar} onSelect={onSweep}>
          Sweep parameters…
        </MenuItem>
      </Menu>
    </div>
  );
}
