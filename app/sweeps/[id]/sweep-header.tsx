"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ExternalLink, Square } from "lucide-react";
import Link from "next/link";
import { toast } from "../../_ui/toast";
import { hasEnded } from "../../_editor/run-state";
import { problemOf, useTRPC } from "../../_trpc/client";
import { Ago } from "../../_ui/ago";
import { Button } from "../../_ui/button";
import { cx } from "../../_ui/cx";
import { StatusMark } from "../../_ui/status";
import { metricLabel, paramLabel, type Sweep } from "../labels";

/** What was asked for, of which graph; and while it goes on, the way to stop it. */
export function SweepHeader({ sweep }: { sweep: Sweep }) {
  return (
    <div className="flex flex-wrap items-start gap-x-4 gap-y-3">
      <div className="min-w-0 flex-1">
        <div className="flex items-center gap-3">
          <h1 className="truncate text-xl font-semibold tracking-tight">{sweep.name}</h1>
          <StatusMark status={sweep.status} />
        </div>
        <p className="mt-1 text-ink-2">
          {summary(sweep)} · started <Ago date={sweep.createdAt} />
        </p>
      </div>
      {sweep.graphId && (
        <Link
          href={`/graphs/${sweep.graphId}`}
          className={cx(
            "inline-flex h-8 items-center gap-1.5 rounded-md border border-line-strong bg-surface",
            "px-3 font-medium hover:bg-sunken",
          )}
        >
          <ExternalLink className="size-4" aria-hidden />
          Open graph
        </Link>
      )}
      {!hasEnded(sweep.status) && <CancelButton id={sweep.id} />}
    </div>
  );
}

function summary(sweep: Sweep): string {
  const { mode, axes, metric } = sweep.spec;
  const search = mode === "grid" ? "Every combination" : "Random search";
  const varied = axes.map((axis) => paramLabel(sweep, axis)).join(", ");
  return `${search} of ${varied} for the ${metric.goal === "min" ? "lowest" : "highest"} ${metricLabel(sweep)}`;
}

function CancelButton({ id }: { id: string }) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const cancel = useMutation(
    trpc.sweeps.cancel.mutationOptions({
      onSuccess: () => void queries.invalidateQueries({ queryKey: trpc.sweeps.get.queryKey({ id }) }),
      onError: (error) => toast.error(problemOf(error).message),
    }),
  );
  return (
    <Button look="danger" disabled={cancel.isPending} onClick={() => cancel.mutate({ id })}>
      <Square className="size-3.5 fill-current" aria-hidden />
      Cancel
    </Button>
  );
}
