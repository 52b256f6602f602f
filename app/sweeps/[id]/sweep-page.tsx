"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createColumnHelper } from "@tanstack/react-table";
import { ExternalLink, Square, Trophy } from "lucide-react";
import dynamic from "next/dynamic";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useCallback, useMemo, useState } from "react";
import { toast } from "sonner";
import { hasEnded } from "../../_editor/run-state";
import { short } from "../../_editor/previews/numbers";
import { problemOf, useTRPC } from "../../_trpc/client";
import { Button } from "../../_ui/button";
import { Card } from "../../_ui/card";
import { gradient, ranked } from "../../_ui/colour";
import { CompareButton } from "../../_ui/compare-button";
import { DataTable } from "../../_ui/data-table";
import { Complaint } from "../../_ui/page";
import { RunCurves } from "../../_ui/run-curves";
import { Shell } from "../../_ui/shell";
import { StatusMark } from "../../_ui/status";
import { Ago } from "../../_ui/ago";
import { duration } from "../../_ui/amounts";
import { metricLabel, nodeLabel, paramLabel, type Sweep, type Trial, valueLabel } from "../labels";
import { RunsBar } from "../runs-bar";

const Parallel = dynamic(() => import("./parallel"), { ssr: false, loading: () => <div className="h-80" /> });
/** More curves than these hide each other. */
const drawnCurves = 60;
const column = createColumnHelper<Trial>();
const took = (t: Trial): number => (t.startedAt ? (t.finishedAt ?? new Date()).getTime() - t.startedAt.getTime() : 0);

/** A sweep while it goes on and after: what was best, which parameters lead there, all curves, all runs. */
export function SweepPage({ id }: { id: string }) {
  const trpc = useTRPC();
  const { data: sweep, error } = useQuery({
    ...trpc.sweeps.get.queryOptions({ id }),
    refetchInterval: ({ state }) => (hasEnded(state.data?.status) ? false : 2000),
  });
  return (
    <Shell here="sweeps">
      {error ? <Complaint>{problemOf(error).message}</Complaint> : sweep && <Report sweep={sweep} />}
    </Shell>
  );
}

function Report({ sweep }: { sweep: Sweep }) {
  const trpc = useTRPC();
  const router = useRouter();
  const queries = useQueryClient();
  const { spec, trials } = sweep;
  const { goal } = spec.metric;
  const [lit, setLit] = useState<string>();
  const [brushed, setBrushed] = useState<Set<string>>();
  const [chosen, setChosen] = useState<Set<string>>(new Set());
  const cancel = useMutation(
    trpc.sweeps.cancel.mutationOptions({
      onSuccess: () => void queries.invalidateQueries({ queryKey: trpc.sweeps.get.queryKey({ id: sweep.id }) }),
      onError: (e) => toast.error(problemOf(e).message),
    }),
  );
  const measured = useMemo(
    () =>
      trials
        .filter((t) => t.metric !== null)
        .sort((a, b) => (Number(a.metric) - Number(b.metric)) * (goal === "min" ? 1 : -1)),
    [trials, goal],
  );
  const colours = useMemo(() => ranked(new Map(measured.map((t) => [t.id, t.metric ?? 0])), goal), [measured, goal]);
  const best = measured.find((t) => !t.provisional);
  const columns = useMemo(() => columnsOf(sweep, colours), [sweep, colours]);
  const open = useCallback((id: string) => router.push(`/runs/${id}`), [router]);
  const kept = useMemo(() => measured.filter((t) => brushed?.has(t.id) ?? true), [measured, brushed]);
  const curves = useMemo(
    () =>
      [
        ...kept.slice(0, drawnCurves),
        ...(brushed ? [] : trials.filter((t) => t.status === "running" && t.metric === null)),
      ].map((t) => ({
        id: t.id,
        label: `Run ${t.number}`,
        colour: colours.get(t.id) ?? "--ink-3",
        strong: t.id === best?.id,
        going: t.status === "running",
      })),
    [kept, brushed, trials, colours, best],
  );
  const shown = brushed ? trials.filter((t) => brushed.has(t.id)) : trials;
  const about = (t: Trial) =>
    spec.axes.map((a) => `${paramLabel(sweep, a)} ${valueLabel(t.assignment[`${a.node}.${a.param}`])}`).join(" · ");
  const under = trials.find((t) => t.id === lit);
  return (
    <>
      <div className="flex flex-wrap items-start gap-x-4 gap-y-3">
        <div className="min-w-0 flex-1">
          <div className="flex items-center gap-3">
            <h1 className="truncate text-xl font-semibold tracking-tight">{sweep.name}</h1>
            <StatusMark status={sweep.status} />
          </div>
          <p className="mt-1 text-ink-2">
            {spec.mode === "grid" ? "Every combination" : "Random search"} of{" "}
            {spec.axes.map((a) => paramLabel(sweep, a)).join(", ")} for the {goal === "min" ? "lowest" : "highest"}{" "}
            {metricLabel(sweep)} · started <Ago date={sweep.createdAt} />
          </p>
        </div>
        {sweep.graphId && (
          <Link
            href={`/graphs/${sweep.graphId}`}
            className="inline-flex h-8 items-center gap-1.5 rounded-md border border-line-strong bg-surface px-3 font-medium hover:bg-sunken"
          >
            <ExternalLink className="size-4" aria-hidden />
            Open graph
          </Link>
        )}
        {!hasEnded(sweep.status) && (
          <Button look="danger" disabled={cancel.isPending} onClick={() => cancel.mutate({ id: sweep.id })}>
            <Square className="size-3.5 fill-current" aria-hidden />
            Cancel
          </Button>
        )}
      </div>
      <div className="mt-4">
        <RunsBar runs={sweep.runs} />
      </div>

      {best && (
        <Link
          href={`/runs/${best.id}`}
          data-best-run
          className="mt-4 flex flex-wrap items-center gap-x-6 gap-y-2 rounded-xl border border-accent bg-accent-soft px-4 py-3"
        >
          <span className="flex items-center gap-2 font-semibold text-accent">
            <Trophy className="size-4" aria-hidden />
            {hasEnded(sweep.status) ? "Best" : "Best so far"}: run {best.number}
          </span>
          <span>
            <b className="text-lg font-semibold tabular-nums">{short(best.metric ?? 0)}</b>{" "}
            <span className="text-ink-2">{metricLabel(sweep)}</span>
          </span>
          {spec.axes.map((a) => (
            <span key={`${a.node}.${a.param}`} className="text-ink-2">
              {paramLabel(sweep, a)}{" "}
              <b className="font-semibold text-ink tabular-nums">
                {valueLabel(best.assignment[`${a.node}.${a.param}`])}
              </b>
            </span>
          ))}
        </Link>
      )}

      {measured.length > 0 && (
        <Card
          title="Parameters and metric"
          note={
            under && under.metric !== null
              ? `Run ${under.number}: ${about(under)} → ${short(under.metric)}`
              : brushed
                ? `${kept.length} of ${measured.length} runs`
                : "Drag along an axis to keep the runs that pass there."
          }
          actions={
            <>
              {brushed && (
                <Button size="s" look="quiet" onClick={() => setBrushed(undefined)}>
                  Show all
                </Button>
              )}
              <span className="flex items-center gap-2 text-xs text-ink-3">
                worse
                <span className="h-2 w-24 rounded-full" style={{ background: gradient }} />
                better
              </span>
            </>
          }
        >
          <Parallel
            sweep={sweep}
            trials={measured}
            colours={colours}
            best={best?.id}
            lit={lit}
            onLit={setLit}
            onOpen={open}
            brushed={brushed}
            onBrush={setBrushed}
          />
        </Card>
      )}
      <RunCurves
        runs={curves}
        first={spec.metric.line ? `${spec.metric.node} · ${spec.metric.line}` : spec.metric.node}
        note={
          kept.length > drawnCurves
            ? `The best ${drawnCurves} of ${kept.length} runs`
            : brushed && `${kept.length} of ${measured.length} runs`
        }
        lit={lit}
        onLit={setLit}
      />

      <div className="mt-6 mb-3 flex h-8 items-center gap-3">
        <h2 className="font-semibold">Runs</h2>
        {brushed && (
          <span className="text-xs text-ink-3">
            {shown.length} of {trials.length}
          </span>
        )}
        <div className="ml-auto">
          <CompareButton ids={chosen} />
        </div>
      </div>
      <DataTable
        rows={shown}
        columns={columns}
        sorted={{ id: "metric", desc: goal === "max" }}
        empty="This sweep has no runs."
        chosen={{ ids: chosen, set: setChosen }}
        lit={{ id: lit, set: setLit }}
        best={best?.id}
      />
    </>
  );
}

function columnsOf(sweep: Sweep, colours: ReadonlyMap<string, string>) {
  return [
    column.accessor("number", {
      header: "Run",
      cell: ({ row: { original: t } }) => (
        <Link href={`/runs/${t.id}`} className="inline-flex items-center gap-2 font-medium text-accent hover:underline">
          <span className="size-2.5 shrink-0 rounded-full" style={{ background: colours.get(t.id) ?? "var(--line)" }} />
          {t.number}
        </Link>
      ),
    }),
    column.accessor("status", {
      header: "Status",
      cell: ({ row: { original: t } }) => (
        <div className="max-w-64">
          <StatusMark status={t.status} />
          {t.progress && (
            <span className="ml-2 text-xs text-ink-3">
              {Math.round((100 * t.progress.done) / Math.max(1, t.progress.of))} %
            </span>
          )}
          {t.error && (
            <p className="mt-0.5 truncate text-xs text-bad" title={`${t.error.message} ${t.error.hint ?? ""}`}>
              {t.error.message}
            </p>
          )}
        </div>
      ),
    }),
    ...sweep.spec.axes.map((a) =>
      column.accessor((t) => t.assignment[`${a.node}.${a.param}`], {
        id: `${a.node}.${a.param}`,
        header: () => <span title={`${nodeLabel(sweep, a.node)} · ${a.param}`}>{paramLabel(sweep, a)}</span>,
        cell: (c) => <span className="block max-w-48 truncate">{valueLabel(c.getValue())}</span>,
      }),
    ),
    column.accessor((t) => t.metric ?? undefined, {
      id: "metric",
      header: metricLabel(sweep),
      sortUndefined: "last",
      cell: ({ row: { original: t } }) =>
        t.metric === null ? (
          "–"
        ) : t.provisional ? (
          <i className="text-ink-3">{short(t.metric)} so far</i>
        ) : (
          <b className="font-semibold">{short(t.metric)}</b>
        ),
    }),
    column.accessor(took, { id: "took", header: "Took", cell: (c) => (c.getValue() ? duration(c.getValue()) : "–") }),
  ];
}
