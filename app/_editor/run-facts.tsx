"use client";

import { useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { useTRPC } from "../_trpc/client";
import { StatusMark } from "../_ui/status";
import { Ago } from "../_ui/ago";
import { duration } from "../_ui/amounts";
import { definitionOf, useEditor } from "./context";
import { short } from "./previews/numbers";
import { hasEnded } from "./run-state";
import { blobUrl } from "./upload";

/** The run that the canvas shows: how it went, what numbers and files it gave, and where it belongs. */
export function RunFacts() {
  const id = useEditor((s) => s.run.id);
  const status = useEditor((s) => s.run.status);
  const frozen = useEditor((s) => s.frozen);
  const nodes = useEditor((s) => s.history.present.nodes);
  const graphId = useEditor((s) => s.graphId);
  const trpc = useTRPC();
  const { data } = useQuery({
    ...trpc.runs.compare.queryOptions({ ids: [id ?? ""] }),
    enabled: id !== undefined && hasEnded(status),
  });
  const run = data?.runs[0];
  if (!id || !status) return null;
  const titleOf = (node: string): string => nodes[node]?.title ?? definitionOf(nodes[node]?.type)?.title ?? node;
  const named = (endpoint: string) => ({
    of: titleOf(endpoint.slice(0, endpoint.indexOf("."))),
    name: endpoint.slice(endpoint.indexOf(".") + 1),
  });
  return (
    <section className="border-t border-line pt-3" data-run-facts>
      <div className="mb-2 flex items-center justify-between">
        <h3 className="text-[11px] font-semibold tracking-wide text-ink-3 uppercase">
          {frozen ? "This run" : "Last run"}
        </h3>
        <StatusMark status={status} />
      </div>
      {run && (
        <dl>
          <Fact name="Asked">
            <Ago date={run.createdAt} />
          </Fact>
          {run.startedAt && run.finishedAt && (
            <Fact name="Took">{duration(run.finishedAt.getTime() - run.startedAt.getTime())}</Fact>
          )}
          {run.provider && <Fact name="On">{run.provider}</Fact>}
          {run.attempt > 1 && <Fact name="Attempts">{run.attempt}</Fact>}
          <Fact name="Nodes">
            {run.ran} ran, {run.cached} from the cache
          </Fact>
          {run.sweepId && (
            <Fact name="Sweep">
              <Link href={`/sweeps/${run.sweepId}`} className="text-accent hover:underline">
                run {run.number} of its sweep
              </Link>
            </Fact>
          )}
          {Object.entries(run.assignment ?? {}).map(([name, value]) => (
            <Fact key={name} {...named(name)}>
              {typeof value === "string" ? value : JSON.stringify(value)}
            </Fact>
          ))}
        </dl>
      )}
      {run && Object.keys(run.numbers).length > 0 && (
        <dl className="mt-2 border-t border-line pt-2">
          {Object.entries(run.numbers).map(([name, value]) => (
            <Fact key={name} {...named(name)}>
              <b className="font-semibold">{short(value)}</b>
            </Fact>
          ))}
        </dl>
      )}
      {run && run.files.length > 0 && (
        <ul className="mt-2 border-t border-line pt-2">
          {run.files.map((f) => (
            <li key={`${f.node}.${f.port}`}>
              <a href={blobUrl(f.ref, f.name)} className="flex items-center gap-1.5 py-0.5 text-accent hover:underline">
                <Download className="size-3.5 shrink-0" aria-hidden />
                <span className="truncate">{f.name}</span>
              </a>
            </li>
          ))}
        </ul>
      )}
      {run && (
        <p className="mt-3">
          {frozen
            ? run.graphId && (
                <Link href={`/graphs/${run.graphId}`} className="text-accent hover:underline">
                  Open its graph
                </Link>
              )
            : graphId && (
                <Link href={`/runs/${id}`} className="text-accent hover:underline">
                  Open as it was run
                </Link>
              )}
        </p>
      )}
    </section>
  );
}

/** A line of the list. What it is the `name` of is cut where there is no room for both. */
const Fact = ({ of, name, children }: { of?: string; name: string; children: ReactNode }) => (
  <div className="flex items-baseline justify-between gap-3 py-0.5">
    <dt className="flex min-w-0 text-ink-2" title={of ? `${of} · ${name}` : name}>
      {of && <span className="truncate">{of}</span>}
      <span className={of ? "shrink-0 whitespace-pre" : "truncate"}>{of ? ` · ${name}` : name}</span>
    </dt>
    <dd className="min-w-0 shrink-0 tabular-nums">{children}</dd>
  </div>
);
