"use client";

import { useSubscription } from "@trpc/tanstack-react-query";
import { Square } from "lucide-react";
import { useReducer, useState } from "react";
import { LazyPreview } from "../_editor/previews/lazy";
import { fold, hasEnded, noRun, type NodeRun, type RunState, type TimedEvent } from "../_editor/run-state";
import { problemOf, useTRPC, useTRPCClient } from "../_trpc/client";
import { Button } from "../_ui/button";
import { LazyChart } from "../_ui/lazy-chart";
import { StatusMark } from "../_ui/status";
import { toast } from "../_ui/toast";
import type { ShownApp } from "./shown-app";

/** A run that an app started: how far it is, and what it gives. */
export function AppRun({ app, run: id }: { app: ShownApp; run: string }) {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const [state, tell] = useReducer(fold, noRun);
  const [complaint, setComplaint] = useState<string>();
  const isOver = hasEnded(state.status);
  useSubscription(
    trpc.runs.events.subscriptionOptions(
      { id, lastEventId: null },
      {
        enabled: !isOver,
        onData: ({ data }) => tell(data as TimedEvent),
        onError: (error) => setComplaint(problemOf(error).message),
      },
    ),
  );
  const stop = () => client.runs.cancel.mutate({ id }).catch((error) => toast.error(problemOf(error).message));
  return (
    <section className="mt-6" aria-label="Results" data-app-run={state.status ?? ""}>
      <div className="flex items-center gap-3">
        <h2 className="text-base font-semibold">Results</h2>
        {state.status && <StatusMark status={state.status} />}
        {!isOver && (
          <Button size="s" className="ml-auto" onClick={() => void stop()}>
            <Square className="size-3.5" aria-hidden />
            Stop
          </Button>
        )}
      </div>
      {complaint && <p className="mt-2 text-bad">{complaint}</p>}
      {!isOver && <Progress app={app} state={state} />}
      <Failures state={state} titles={app.titles} />
      {app.outputs.map(({ label, node, port }) => (
        <Output key={`${node}.${port}`} label={label} port={port} node={state.nodes[node]} isOver={isOver} />
      ))}
    </section>
  );
}

/** How many nodes are done, and what is computed now. */
function Progress({ app, state }: { app: ShownApp; state: RunState }) {
  const nodes = Object.entries(state.nodes);
  const done = nodes.filter(([, { status }]) => status !== "waiting" && status !== "running").length;
  const running = nodes.filter(([, { status }]) => status === "running");
  return (
    <div className="mt-2" aria-live="polite">
      <progress className="h-2 w-full accent-[var(--accent)]" max={Math.max(1, nodes.length)} value={done} />
      {!nodes.length && (
        <p className="text-ink-2">{state.status === "running" ? "It begins." : "It waits its turn."}</p>
      )}
      {running.map(([id, { progress }]) => (
        <p key={id} className="text-ink-2">
          {app.titles[id] ?? id}
          {progress && `: ${progress.done.toLocaleString()} of ${progress.of.toLocaleString()}`}
          {progress?.note && ` · ${progress.note}`}
        </p>
      ))}
    </div>
  );
}

function Failures({ state, titles }: { state: RunState; titles: ShownApp["titles"] }) {
  const failed = Object.entries(state.nodes).flatMap(([id, { error }]) => (error ? [{ id, ...error }] : []));
  const all = failed.length ? failed : state.error ? [{ id: "", ...state.error }] : [];
  return all.map(({ id, message, hint }) => (
    <p key={id} className="mt-2 rounded-lg bg-bad-soft p-3 wrap-anywhere text-bad" role="alert">
      {id && `${titles[id] ?? id}: `}
      <b>{message}</b> {hint}
    </p>
  ));
}

interface OutputProps {
  label: string;
  port: string;
  node: NodeRun | undefined;
  isOver: boolean;
}

/** A result; of a training that goes on, its curve so far. */
function Output({ label, port, node, isOver }: OutputProps) {
  const preview = node?.previews?.[port];
  const { metrics } = node ?? {};
  const [line] = Object.entries(metrics?.values ?? {});
  const hasCurve = !preview && line !== undefined && metrics !== undefined && metrics.steps.length > 1;
  if (!preview && !hasCurve && isOver) return null;
  return (
    <article className="mt-3 rounded-xl border border-line bg-surface p-4" data-output={port}>
      <h3 className="mb-2 font-medium">{label}</h3>
      {preview && <LazyPreview name={port} preview={preview} large />}
      {hasCurve && (
        <LazyChart label="step" x={metrics.steps} lines={[{ name: line[0], values: line[1] }]} height={200} />
      )}
      {!preview && !hasCurve && <p className="text-ink-3">Not there yet.</p>}
    </article>
  );
}
