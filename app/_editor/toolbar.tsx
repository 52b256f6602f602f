"use client";

import { useReactFlow } from "@xyflow/react";
import {
  ChevronDown,
  CloudAlert,
  CloudCheck,
  CloudUpload,
  CopyPlus,
  Download,
  Keyboard,
  LayoutGrid,
  Play,
  Radar,
  Redo2,
  Share2,
  Square,
  StepForward,
  Undo2,
} from "lucide-react";
import Link from "next/link";
import { DropdownMenu } from "radix-ui";
import { useState } from "react";
import { toast } from "sonner";
import { problemOf, useTRPCClient } from "../_trpc/client";
import { Button, IconButton } from "../_ui/button";
import { Logo, ThemeSwitch } from "../_ui/shell";
import { StatusMark } from "../_ui/status";
import { useActions } from "./actions";
import { commands } from "./commands";
import { useChecked, useEditor, useEditorStore } from "./context";
import type { Saved } from "./store";
import { SweepDialog } from "./sweep/sweep-dialog";

const savedMarks: { [S in Saved]: { text: string; icon: typeof CloudCheck; tone: string } } = {
  saved: { text: "Saved", icon: CloudCheck, tone: "text-ink-3" },
  unsaved: { text: "Saving", icon: CloudUpload, tone: "text-ink-3" },
  saving: { text: "Saving", icon: CloudUpload, tone: "text-ink-3" },
  failed: { text: "Not saved yet: the server does not answer. Trying again", icon: CloudAlert, tone: "text-warn" },
  conflict: { text: "Changed in another window", icon: CloudAlert, tone: "text-bad" },
};

export function exportDocument(document: { name: string }): void {
  const link = window.document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(document, null, 2)], { type: "application/json" }));
  link.download = `${document.name.replace(/[^\w-]+/g, "-").toLowerCase() || "graph"}.json`;
  link.click();
  URL.revokeObjectURL(link.href);
}

export function Toolbar({ published }: { published: boolean }) {
  const store = useEditorStore();
  const flow = useReactFlow();
  const client = useTRPCClient();
  const { run, cancel, saveCopy } = useActions();
  const { problems } = useChecked();
  const document = useEditor((s) => s.history.present);
  const saved = useEditor((s) => s.saved);
  const status = useEditor((s) => s.run.status);
  const runId = useEditor((s) => s.run.id);
  const frozen = useEditor((s) => s.frozen);
  const graphId = useEditor((s) => s.graphId);
  const selection = useEditor((s) => s.selection);
  const [sweeping, setSweeping] = useState(false);
  const canUndo = useEditor((s) => s.history.past.length > 0);
  const canRedo = useEditor((s) => s.history.future.length > 0);
  const busy = status === "queued" || status === "running";
  const errors = problems.filter((p) => p.severity === "error").length;
  const mark = savedMarks[saved];
  const context = { store, flow, run, cancel };
  const publish = async (on: boolean) => {
    try {
      await client.graphs.publish.mutate({ id: graphId as string, published: on });
      toast(on ? "Published: others find it on the start page." : "Taken back from the templates.");
    } catch (error) {
      toast.error(problemOf(error).message);
    }
  };
  const item =
    "flex cursor-pointer items-center gap-2 rounded-md px-2 py-1.5 outline-none data-[disabled]:pointer-events-none data-[disabled]:opacity-45 data-[highlighted]:bg-sunken";
  return (
    <header className="flex h-13 items-center gap-2 border-b border-line bg-surface px-3">
      <Logo />
      <span className="mx-1 h-5 w-px shrink-0 bg-line" />
      <input
        aria-label="Name of the graph"
        className="field-sizing-content min-w-24 max-w-80 truncate rounded-md border border-transparent bg-transparent px-2 py-1 font-semibold hover:border-line focus:border-line-strong"
        value={document.name}
        maxLength={200}
        disabled={frozen}
        onChange={(e) => store.getState().edit((d) => ({ ...d, name: e.target.value }), "name")}
      />
      {frozen ? (
        <span className="shrink-0 rounded-full bg-sunken px-2 py-0.5 text-xs text-ink-2">snapshot</span>
      ) : (
        <span className={`flex shrink-0 items-center gap-1 text-xs ${mark.tone}`} title={mark.text} data-saved={saved}>
          <mark.icon className="size-4" aria-hidden />
          <span className="hidden max-w-72 truncate xl:inline">{mark.text}</span>
        </span>
      )}
      {saved === "conflict" && (
        <>
          <Button size="s" onClick={() => location.reload()}>
            Reload
          </Button>
          <Button size="s" onClick={saveCopy}>
            Save as a copy
          </Button>
        </>
      )}
      <div className="ml-auto flex shrink-0 items-center gap-1">
        {!frozen && (
          <>
            <IconButton label="Undo" disabled={!canUndo} onClick={() => commands.undo.run(context)}>
              <Undo2 className="size-4" aria-hidden />
            </IconButton>
            <IconButton label="Redo" disabled={!canRedo} onClick={() => commands.redo.run(context)}>
              <Redo2 className="size-4" aria-hidden />
            </IconButton>
            <IconButton label="Arrange" onClick={() => commands.tidy.run(context)}>
              <LayoutGrid className="size-4" aria-hidden />
            </IconButton>
          </>
        )}
        <DropdownMenu.Root>
          <DropdownMenu.Trigger asChild>
            <Button look="quiet" size="s" aria-label="More">
              More
              <ChevronDown className="size-3.5" aria-hidden />
            </Button>
          </DropdownMenu.Trigger>
          <DropdownMenu.Portal>
            <DropdownMenu.Content
              align="end"
              sideOffset={6}
              className="z-50 w-60 rounded-xl border border-line-strong bg-raised p-1.5 shadow-2xl"
            >
              <DropdownMenu.Item className={item} onSelect={() => exportDocument(document)}>
                <Download className="size-4 text-ink-3" aria-hidden />
                Export as JSON
              </DropdownMenu.Item>
              <DropdownMenu.Item className={item} onSelect={saveCopy}>
                <CopyPlus className="size-4 text-ink-3" aria-hidden />
                Save as a new graph
              </DropdownMenu.Item>
              {!frozen && (
                <DropdownMenu.Item className={item} onSelect={() => void publish(!published)}>
                  <Share2 className="size-4 text-ink-3" aria-hidden />
                  {published ? "Take back from the templates" : "Publish as a template"}
                </DropdownMenu.Item>
              )}
              <DropdownMenu.Separator className="my-1 h-px bg-line" />
              <DropdownMenu.Label className="flex items-center gap-2 px-2 py-1 text-xs text-ink-3">
                <Keyboard className="size-4" aria-hidden />
                Keys
              </DropdownMenu.Label>
              {Object.values(commands).map((c) => (
                <div key={c.title} className="flex justify-between px-2 py-0.5 text-xs text-ink-2">
                  <span>{c.title}</span>
                  <kbd className="font-mono text-ink-3">{c.keys.replace("Mod", "Ctrl")}</kbd>
                </div>
              ))}
            </DropdownMenu.Content>
          </DropdownMenu.Portal>
        </DropdownMenu.Root>
        <Link href="/runs" className="rounded-md px-2 py-1.5 text-ink-2 hover:bg-sunken hover:text-ink">
          Runs
        </Link>
        <Link
          href="/sweeps"
          className="hidden rounded-md px-2 py-1.5 text-ink-2 hover:bg-sunken hover:text-ink lg:block"
        >
          Sweeps
        </Link>
        <ThemeSwitch />
        <span className="mx-1 h-5 w-px bg-line" />
        {status && runId && (
          <Link href={`/runs/${runId}`} data-run-status={status} className="flex items-center">
            <StatusMark status={status} />
          </Link>
        )}
        {!frozen && errors > 0 && (
          <button
            type="button"
            onClick={() => store.getState().select([])}
            className="rounded-full bg-bad-soft px-2 py-0.5 text-xs font-medium text-bad"
          >
            {errors} {errors === 1 ? "problem" : "problems"}
          </button>
        )}
        {frozen && (
          <Button look="primary" onClick={saveCopy}>
            <CopyPlus className="size-4" aria-hidden />
            Edit a copy
          </Button>
        )}
        {!frozen &&
          (busy ? (
            <Button look="danger" onClick={cancel}>
              <Square className="size-3.5 fill-current" aria-hidden />
              Cancel
            </Button>
          ) : (
            <div className="flex">
              <Button look="primary" className="!rounded-r-none" onClick={() => run()} title="Ctrl+Enter">
                <Play className="size-3.5 fill-current" aria-hidden />
                Run
              </Button>
              <DropdownMenu.Root>
                <DropdownMenu.Trigger asChild>
                  <Button look="primary" aria-label="Other ways to run" className="ml-px !rounded-l-none !px-1.5">
                    <ChevronDown className="size-4" aria-hidden />
                  </Button>
                </DropdownMenu.Trigger>
                <DropdownMenu.Portal>
                  <DropdownMenu.Content
                    align="end"
                    sideOffset={6}
                    className="z-50 w-60 rounded-xl border border-line-strong bg-raised p-1.5 shadow-2xl"
                  >
                    <DropdownMenu.Item
                      className={item}
                      disabled={!selection.length}
                      onSelect={() => run([...selection])}
                    >
                      <StepForward className="size-4 text-ink-3" aria-hidden />
                      Run up to the chosen nodes
                    </DropdownMenu.Item>
                    <DropdownMenu.Item className={item} onSelect={() => setSweeping(true)}>
                      <Radar className="size-4 text-ink-3" aria-hidden />
                      Sweep parameters…
                    </DropdownMenu.Item>
                  </DropdownMenu.Content>
                </DropdownMenu.Portal>
              </DropdownMenu.Root>
            </div>
          ))}
      </div>
      {sweeping && <SweepDialog onClose={() => setSweeping(false)} />}
    </header>
  );
}
