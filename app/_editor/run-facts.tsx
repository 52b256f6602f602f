"use client";

import { useQuery } from "@tanstack/react-query";
import { ChartLine, Download } from "lucide-react";
import Link from "next/link";
import { lazy, type ReactNode, Suspense, useState } from "react";
import type { GraphDocument } from "#nodes/graph/document";
import { type Outputs, useTRPC } from "../_trpc/client";
import { Ago } from "../_ui/ago";
import { duration, elapsed, shortNumber, size } from "../_ui/amounts";
import { Button } from "../_ui/button";
import { StatusMark } from "../_ui/status";
import { cx } from "../_ui/cx";
import { constantsHolder } from "#nodes/graph/sweep";
import { definitionOf, useEditor, useEditorStore } from "./context";
import { RunAgain } from "./run-again";
import { hasEnded, type NodeRun } from "./run-state";
import { blobUrl, tensorUrl, textFormats, textsUrl } from "./upload";
import { pathHere } from "../_ui/path-here";

const RunCurvesWindow = lazy(async () => ({ default: (await import("./run-curves-window")).RunCurvesWindow }));

type FinishedRun = Outputs["runs"]["compare"]["runs"][number];

/** The run that the canvas shows: how it went, what numbers and files it gave, and where it belongs. */
export function RunFacts() {
  const id = useEditor((state) => state.run.id);
  const status = useEditor((state) => state.run.status);
  const isSnapshot = useEditor(({ frozen, graphId }) => frozen && graphId === undefined);
  const trpc = useTRPC();
  const { data } = useQuery({
    ...trpc.runs.compare.queryOptions({ ids: [id ?? ""] }),
    enabled: id !== undefined && hasEnded(status),
  });
  const run = data?.runs[0];
  if (!id || !status) return null;
  return (
    <section className="border-t border-line pt-3" data-run-facts>
      <div className="mb-2 flex items-center justify-between">
        <h3 className="text-2xs font-semibold tracking-wide text-ink-3 uppercase">
          {isSnapshot ? "This run" : "Last run"}
        </h3>
        <StatusMark status={status} />
      </div>
      <HeatChoice />
      <CurvesButton id={id} />
      {run && (
        <>
          <Course run={run} />
          <Numbers run={run} />
          <Files run={run} />
          <Texts run={run} />
          <RunAgain id={run.id} hasGraph={run.graphId !== null} />
          <Elsewhere run={run} />
        </>
      )}
    </section>
  );
}

/** Draws on the nodes what each of them took. */
function HeatChoice() {
  const store = useEditorStore();
  const heat = useEditor((state) => state.heat);
  return (
    <fieldset className="mb-2 flex items-center gap-1 text-xs text-ink-2">
      <legend className="sr-only">What the nodes took</legend>
      <span className="mr-auto">Heat</span>
      {(["off", "time", "memory"] as const).map((each) => (
        <button
          key={each}
          type="button"
          aria-pressed={heat === each}
          onClick={() => store.getState().setHeat(each)}
          className={cx("rounded-md px-2 py-0.5", heat === each ? "bg-sunken text-ink" : "hover:text-ink")}
        >
          {each}
        </button>
      ))}
    </fieldset>
  );
}

/** Opens the curves of a run that draws some, also while it goes on. */
function CurvesButton({ id }: { id: string }) {
  const [isOpen, setOpen] = useState(false);
  const hasCurves = useEditor(({ run }) => Object.values(run.nodes).some(drawsLines));
  if (!hasCurves) return null;
  return (
    <>
      <Button size="s" className="mb-2" onClick={() => setOpen(true)}>
        <ChartLine className="size-3.5" aria-hidden />
        Curves
      </Button>
      {isOpen && (
        <Suspense>
          <RunCurvesWindow id={id} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}

const drawsLines = ({ metrics, previews }: NodeRun): boolean =>
  metrics !== undefined || Object.values(previews ?? {}).some(({ type }) => type === "series");

/** How the run went, and the values that its sweep gave it. */
function Course({ run }: { run: FinishedRun }) {
  const nodes = useEditor((state) => state.checked.graph.flat.document.nodes);
  const memory = useEditor((state) => state.run.memory);
  return (
    <dl>
      <Fact name="Asked">
        <Ago date={run.createdAt} />
      </Fact>
      {run.finishedAt && <Fact name="Took">{duration(elapsed(run))}</Fact>}
      {memory !== undefined && <Fact name="Memory at most">{size(memory)}</Fact>}
      {run.provider && <Fact name="On">{run.provider}</Fact>}
      {run.attempt > 1 && <Fact name="Attempts">{run.attempt}</Fact>}
      <Fact name="Nodes">
        {run.ran} ran, {run.cached} from the cache
      </Fact>
      {run.sweepId && (
        <Fact name="Sweep">
          <PageLink href={`/sweeps/${run.sweepId}`}>run {run.number} of its sweep</PageLink>
        </Fact>
      )}
      {Object.entries(run.assignment ?? {}).map(([endpoint, value]) => (
        <Fact key={endpoint} {...named(nodes, endpoint)}>
          {typeof value === "string" ? value : JSON.stringify(value)}
        </Fact>
      ))}
    </dl>
  );
}

function Numbers({ run: { numbers } }: { run: FinishedRun }) {
  const nodes = useEditor((state) => state.checked.graph.flat.document.nodes);
  const entries = Object.entries(numbers);
  if (!entries.length) return null;
  return (
    <dl className="mt-2 border-t border-line pt-2">
      {entries.map(([endpoint, value]) => (
        <Fact key={endpoint} {...named(nodes, endpoint)}>
          <b className="font-semibold">{shortNumber(value)}</b>
        </Fact>
      ))}
    </dl>
  );
}

function Files({ run: { id, files } }: { run: FinishedRun }) {
  if (!files.length) return null;
  return (
    <ul className="mt-2 border-t border-line pt-2">
      {files.map(({ node, port, type, ref, name }) => (
        <li key={`${node}.${port}`}>
          <a
            href={type === "tensor" ? tensorUrl(id, node, port) : blobUrl(ref, name)}
            className="flex items-center gap-1.5 py-0.5 text-accent hover:underline"
          >
            <Download className="size-3.5 shrink-0" aria-hidden />
            <span className="truncate">{name}</span>
          </a>
        </li>
      ))}
    </ul>
  );
}

/** Texts that the run gave, as files of several kinds. */
function Texts({ run: { id, texts } }: { run: FinishedRun }) {
  if (!texts.length) return null;
  return (
    <ul className="mt-2 border-t border-line pt-2">
      {texts.map(({ node, port }) => (
        <li key={`${node}.${port}`} className="flex items-center gap-1.5 py-0.5">
          <Download className="size-3.5 shrink-0 text-accent" aria-hidden />
          <span className="min-w-0 flex-1 truncate">{`${node}.${port}`}</span>
          {textFormats.map((format) => (
            <a
              key={format}
              href={textsUrl(id, node, port, format)}
              aria-label={`${node}.${port} as ${format}`}
              className="text-accent hover:underline"
            >
              {format}
            </a>
          ))}
        </li>
      ))}
    </ul>
  );
}

/** From a snapshot to its graph, and from a graph to the snapshot of its run. */
function Elsewhere({ run: { id, graphId } }: { run: FinishedRun }) {
  const isSaved = useEditor((state) => state.graphId !== undefined);
  return (
    <p className="mt-3 flex flex-col items-start gap-1">
      <a
        href={pathHere(`/api/runs/${id}/trace`)}
        className="text-accent hover:underline"
        title="When each node was computed: a file for chrome://tracing and ui.perfetto.dev"
      >
        Trace of the run
      </a>
      {!isSaved && graphId && <PageLink href={`/graphs/${graphId}`}>Open its graph</PageLink>}
      {isSaved && <PageLink href={`/runs/${id}`}>Open as it was run</PageLink>}
    </p>
  );
}

function PageLink({ href, children }: { href: string; children: ReactNode }) {
  return (
    <Link href={href} className="text-accent hover:underline">
      {children}
    </Link>
  );
}

/** What stands at "node.port" or "node.param", as a person calls the node. */
function named(nodes: GraphDocument["nodes"], endpoint: string): { owner: string; name: string } {
  const dot = endpoint.indexOf(".");
  const id = endpoint.slice(0, dot);
  const owner = id === constantsHolder ? "Constant" : (nodes[id]?.title ?? definitionOf(nodes[id]?.type)?.title ?? id);
  return { owner, name: endpoint.slice(dot + 1) };
}

/** A line of the list. Its owner is cut where there is no room for both. */
function Fact({ owner, name, children }: { owner?: string; name: string; children: ReactNode }) {
  return (
    <div className="flex items-baseline justify-between gap-3 py-0.5">
      <dt className="flex min-w-0 text-ink-2" title={owner ? `${owner} · ${name}` : name}>
        {owner && <span className="truncate">{owner}</span>}
        <span className={owner ? "shrink-0 whitespace-pre" : "truncate"}>{owner ? ` · ${name}` : name}</span>
      </dt>
      <dd className="min-w-0 shrink-0 tabular-nums">{children}</dd>
    </div>
  );
}
