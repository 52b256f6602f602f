import {
  ArrowUpToLine,
  Bell,
  ChevronDown,
  Play,
  Radar,
  ShieldCheck,
  Square,
  SquareDashed,
  StepForward,
} from "lucide-react";
import { useState } from "react";
import { Button } from "../../_ui/button";
import { useActions } from "../actions";
import { commands } from "../commands";
import { chosenNodes } from "../commands/command";
import { useEditor, useEditorStore, useView, wayTo } from "../context";
import { useKeysText } from "../keys";
import { foreseenText } from "../pace";
import { askToNotify, mayNotify } from "../run-signals";
import { Menu, MenuItem } from "./menu";

/** Runs the graph, or a part or a sweep of it, also while a run goes on: then it waits. Stops what goes on. */
export function RunButtons() {
  const isBusy = useEditor(({ run }) => run.status === "queued" || run.status === "running");
  return (
    <>
      {isBusy && <StopButton />}
      <StartButtons />
    </>
  );
}

function StopButton() {
  const { stopRun } = useActions();
  const keysText = useKeysText();
  return (
    <Button look="danger" onClick={stopRun} title={`${commands.stop.title} (${keysText(commands.stop)})`}>
      <Square className="size-3.5 fill-current" aria-hidden />
      Stop
    </Button>
  );
}

function StartButtons() {
  const foreseen = useEditor((state) => state.foreseen);
  const { runGraph } = useActions();
  const text = foreseen && foreseenText(foreseen);
  const keysText = useKeysText();
  const title = [`${commands.run.title} (${keysText(commands.run)})`, text].filter(Boolean).join(": ");
  return (
    <div className="flex items-center">
      {text && (
        <span className="mr-2 hidden text-xs whitespace-nowrap text-ink-3 tabular-nums 2xl:inline" data-foreseen>
          {text}
        </span>
      )}
      <Button look="primary" className="!rounded-r-none" onClick={() => runGraph()} title={title}>
        <Play className="size-3.5 fill-current" aria-hidden />
        Run
      </Button>
      <WaysToRun text={text} />
    </div>
  );
}

/** What else can be run than all of the graph behind all that waits. */
function WaysToRun({ text }: { text: string | undefined }) {
  const store = useEditorStore();
  const askForSweep = useView((state) => state.askForSweep);
  const hasSelection = useEditor((state) => chosenNodes(state).length > 0);
  const hasErrors = useEditor(({ checked }) => checked.problems.some(({ severity }) => severity === "error"));
  const [notifies, setNotifies] = useState(mayNotify);
  const { runGraph } = useActions();
  const chosen = () => chosenNodes(store.getState()).map((id) => wayTo(store.getState(), id));
  const trigger = (
    <Button look="primary" aria-label="Other ways to run" className="ml-px !rounded-l-none !px-1.5">
      <ChevronDown className="size-4" aria-hidden />
    </Button>
  );
  return (
    <Menu trigger={trigger}>
      {text && <p className="px-2 pt-1 pb-1.5 text-xs text-ink-3 first-letter:uppercase">{text}</p>}
      <MenuItem icon={StepForward} disabled={!hasSelection} onSelect={() => runGraph(chosen())}>
        Run up to the chosen nodes
      </MenuItem>
      <MenuItem icon={SquareDashed} disabled={!hasSelection} onSelect={() => runGraph(chosen(), { alone: true })}>
        Run the chosen nodes alone
      </MenuItem>
      <MenuItem icon={ShieldCheck} disabled={!hasErrors} onSelect={() => runGraph(undefined, { soundOnly: true })}>
        Run anyway what is sound
      </MenuItem>
      <MenuItem icon={ArrowUpToLine} onSelect={() => runGraph(undefined, { next: true })}>
        Run next, before all that waits
      </MenuItem>
      <MenuItem icon={Radar} onSelect={() => askForSweep()}>
        Sweep parameters…
      </MenuItem>
      {!notifies && (
        <MenuItem icon={Bell} onSelect={() => void askToNotify().then(setNotifies)}>
          Notify me when a run ends
        </MenuItem>
      )}
    </Menu>
  );
}
