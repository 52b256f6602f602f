"use client";

import { CopyPlus } from "lucide-react";
import Link from "next/link";
import { lazy, Suspense } from "react";
import { setName } from "#nodes/graph/edits";
import { Button } from "../../_ui/button";
import { cx } from "../../_ui/cx";
import { duration } from "../../_ui/amounts";
import { QueueTray } from "../../_ui/queue/later";
import { Logo, ThemeSwitch } from "../../_ui/shell";
import { StatusMark } from "../../_ui/status";
import { useActions } from "../actions";
import { useEditor, useEditorStore } from "../context";
import { runTimeLeft } from "../pace";
import { OthersMark } from "../keeping/others-mark";
import { EditButtons } from "./edit-buttons";
import { MoreMenu } from "./more-menu";
import { RunButtons } from "./run-buttons";
import { SavedMark } from "./saved-mark";

// Its list lies over the page, by a library that is not needed before.
const ProblemTray = lazy(async () => ({ default: (await import("../problems/problem-tray")).ProblemTray }));

/** The line above the canvas: the graph's name, how it is saved, what can be done with it, and its run. */
export function Toolbar() {
  const frozen = useEditor((state) => state.frozen);
  return (
    <header className="flex h-13 items-center gap-2 border-b border-line bg-surface px-3">
      <Logo />
      <span className="mx-1 h-5 w-px shrink-0 bg-line max-sm:hidden" />
      <GraphName />
      {frozen ? (
        <FrozenMark />
      ) : (
        <>
          <SavedMark />
          <OthersMark />
        </>
      )}
      <div className="ml-auto flex shrink-0 items-center gap-1">
        {!frozen && <EditButtons />}
        <div className="contents max-sm:hidden">
          <MoreMenu />
          <Link href="/runs" className="rounded-md px-2 py-1.5 text-ink-2 hover:bg-sunken hover:text-ink">
            Runs
          </Link>
        </div>
        <Link
          href="/sweeps"
          className="hidden rounded-md px-2 py-1.5 text-ink-2 hover:bg-sunken hover:text-ink lg:block"
        >
          Sweeps
        </Link>
        <QueueTray />
        <div className="contents max-sm:hidden">
          <ThemeSwitch />
          <span className="mx-1 h-5 w-px bg-line" />
        </div>
        <RunMark />
        {frozen ? (
          <EditCopyButton />
        ) : (
          <>
            <Suspense>
              <ProblemTray />
            </Suspense>
            <RunButtons />
          </>
        )}
      </div>
    </header>
  );
}

/** Why nothing can be changed: it is what a run ran, or the window is too narrow to edit in. */
function FrozenMark() {
  const isGraph = useEditor((state) => state.graphId !== undefined);
  const title = isGraph ? "In a wider window it can be edited" : "What the run ran, as it was then";
  return (
    <span className="shrink-0 rounded-full bg-sunken px-2 py-0.5 text-xs text-ink-2" title={title}>
      {isGraph ? "read only" : "snapshot"}
    </span>
  );
}

function GraphName() {
  const store = useEditorStore();
  const name = useEditor((state) => state.history.present.name);
  const frozen = useEditor((state) => state.frozen);
  return (
    <input
      aria-label="Name of the graph"
      className={cx(
        "max-sm:min-w-0 max-sm:shrink",
        "field-sizing-content min-w-24 max-w-80 truncate rounded-md border border-transparent bg-transparent px-2 py-1",
        "font-semibold hover:border-line focus:border-line-strong",
      )}
      value={name}
      maxLength={200}
      disabled={frozen}
      onChange={(event) => store.getState().edit((document) => setName(document, event.target.value), "name")}
    />
  );
}

/** How the run that is shown stands; leads to it. */
function RunMark() {
  const id = useEditor((state) => state.run.id);
  const status = useEditor((state) => state.run.status);
  const left = useEditor(({ run, foreseen }) => {
    const time = runTimeLeft(run, foreseen);
    return time === undefined ? undefined : duration(Math.ceil(time / 1000) * 1000);
  });
  if (!id || !status) return null;
  return (
    <Link href={`/runs/${id}`} data-run-status={status} className="flex items-center gap-1.5">
      {left && <span className="hidden text-xs text-ink-3 tabular-nums xl:inline">{left} left</span>}
      <StatusMark status={status} />
    </Link>
  );
}

function EditCopyButton() {
  const { saveCopy } = useActions();
  return (
    <Button look="primary" className="max-sm:hidden" onClick={saveCopy}>
      <CopyPlus className="size-4" aria-hidden />
      Edit a copy
    </Button>
  );
}
