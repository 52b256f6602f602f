"use client";

import { ArrowLeft, Play } from "lucide-react";
import Link from "next/link";
import { useState } from "react";
import type { Assignment } from "#nodes/graph/sweep";
import { problemOf, useTRPCClient } from "../_trpc/client";
import { Button } from "../_ui/button";
import { Markdown } from "../_ui/markdown";
import { askedBy } from "../_ui/queue/asked-by";
import { AppForm } from "./app-form";
import { AppRun } from "./app-run";
import type { ShownApp } from "./shown-app";
import { pathHere } from "../_ui/path-here";

interface AppPageProps {
  app: ShownApp;
  /** Whoever looks at it may start it. */
  canRun: boolean;
  runId?: string;
}

/** A graph for those who do not wire: its form, its progress, its results. Legible on a phone. */
export function AppPage({ app, canRun, runId }: AppPageProps) {
  const [values, setValues] = useState<Assignment>({});
  const [run, setRun] = useState(runId);
  const [problem, setProblem] = useState<{ message: string; hint?: string; param?: string }>();
  const [isStarting, setStarting] = useState(false);
  const client = useTRPCClient();
  async function start(): Promise<void> {
    setStarting(true);
    setProblem(undefined);
    try {
      const { id } = await client.apps.start.mutate({ id: app.id, values, askedBy: askedBy() });
      setRun(id);
      window.history.replaceState(null, "", pathHere(`/apps/${app.id}?run=${id}`));
    } catch (error) {
      setProblem(problemOf(error));
    } finally {
      setStarting(false);
    }
  }
  return (
    <main className="mx-auto w-full max-w-2xl px-4 py-6" data-app>
      <Link href="/apps" className="inline-flex items-center gap-1 text-xs text-ink-3 hover:text-ink">
        <ArrowLeft className="size-3.5" aria-hidden />
        Apps
      </Link>
      <h1 className="mt-1 text-xl font-semibold wrap-anywhere">{app.title}</h1>
      {app.text && (
        <div className="mt-2 text-ink-2">
          <Markdown text={app.text} />
        </div>
      )}
      <AppForm app={app} values={values} wrong={problem?.param} onChange={setValues} />
      <div className="mt-5 flex flex-wrap items-center gap-3">
        <Button look="primary" className="h-10 px-5" disabled={!canRun || isStarting} onClick={() => void start()}>
          <Play className="size-4" aria-hidden />
          Start
        </Button>
        <span className="text-xs text-ink-3">{canRun ? limitsText(app) : "You may look at it, but not start it."}</span>
      </div>
      {problem && (
        <p className="mt-3 rounded-lg bg-bad-soft p-3 wrap-anywhere text-bad" role="alert">
          <b>{problem.message}</b> {problem.hint}
        </p>
      )}
      {run && <AppRun key={run} app={app} run={run} />}
    </main>
  );
}

function limitsText({ limits: { steps, rows, minutes } }: ShownApp): string {
  const parts = [
    steps && `${steps.toLocaleString()} steps`,
    rows && `${rows.toLocaleString()} rows`,
    minutes && `${minutes.toLocaleString()} minutes`,
  ].filter(Boolean);
  return parts.length ? `At most ${parts.join(", ")}.` : "";
}
