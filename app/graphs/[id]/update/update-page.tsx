"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ArrowUpCircle } from "lucide-react";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { type Outputs, problemOf, useTRPC } from "../../../_trpc/client";
import { countOf, size } from "../../../_ui/amounts";
import { Button } from "../../../_ui/button";
import { Choice } from "../../../_ui/choice";
import { DiffPage } from "../../../_ui/diff/diff-page";
import { DiffView } from "../../../_ui/diff/diff-view";
import { Complaint } from "../../../_ui/page";
import { toast } from "../../../_ui/toast";

type Update = NonNullable<Outputs["templates"]["update"]>;

/** A newer version of the template that a graph is made of: what it changes there, and taking it. */
export function UpdatePage({ graphId }: { graphId: string }) {
  const trpc = useTRPC();
  const { data: update, error } = useQuery(trpc.templates.update.queryOptions({ graphId }));
  const from = { href: `/graphs/${graphId}`, name: update?.mine.name ?? "Graph" };
  return (
    <DiffPage from={from} title="Update" more={update && <TakeButton graphId={graphId} update={update} />}>
      {error && <Complaint>{problemOf(error).message}</Complaint>}
      {update === null && <NotHere graphId={graphId} />}
      {update && <Compared update={update} />}
    </DiffPage>
  );
}

/** No version that is here is newer; a registry may have one, which is read when somebody wants it. */
function NotHere({ graphId }: { graphId: string }) {
  const trpc = useTRPC();
  const { data: origin } = useQuery(trpc.templates.origin.queryOptions({ graphId }));
  if (!origin) return null;
  const { fromRegistry, template } = origin;
  if (!fromRegistry) return <p className="p-6 text-ink-2">This graph has the newest version of its template.</p>;
  return (
    <section className="flex max-w-prose flex-col items-start gap-3 p-6" data-update-elsewhere>
      <h2 className="text-xl font-semibold">
        {template?.title}, version {fromRegistry.number}
      </h2>
      <p className="text-ink-2">
        {fromRegistry.registry.title} has a newer version. Its bundle ({size(fromRegistry.bytes)}) is read and checked
        first; then you see what it changes here, and the graph stays as it is until you take it.
      </p>
      <FetchButton graphId={graphId} />
    </section>
  );
}

function FetchButton({ graphId }: { graphId: string }) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const fetched = useMutation(
    trpc.templates.fetchUpdate.mutationOptions({
      onSuccess: () => queries.invalidateQueries({ queryKey: trpc.templates.pathKey() }),
      onError: (error) => toast.error(problemOf(error).message, { description: problemOf(error).hint }),
    }),
  );
  return (
    <Button look="primary" disabled={fetched.isPending} onClick={() => fetched.mutate({ graphId })}>
      {fetched.isPending ? "Reading it…" : "Show what it changes"}
    </Button>
  );
}

function Compared({ update }: { update: Update }) {
  const [side, setSide] = useState<"graph" | "template">("graph");
  const { title, from, to, changes, before, after, mine, merged, conflicts } = update;
  const isGraph = side === "graph";
  return (
    <main className="flex min-h-0 flex-1 flex-col">
      <div
        className="flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-line bg-surface px-4 py-2"
        data-update
      >
        <h2 className="min-w-0 truncate font-semibold">
          {title}, version {from} → {to}
        </h2>
        <Choice
          label="What is compared"
          options={{ graph: "What changes here", template: "What changed in the template" }}
          value={side}
          onChange={setSide}
        />
        {conflicts.length > 0 && (
          <span className="text-warn">
            {countOf(conflicts.length, "value")} of yours differ from both versions, and stay as you have them.
          </span>
        )}
        {changes
          .filter((each) => each.changes)
          .map((each) => (
            <p key={each.number} className="w-full wrap-anywhere text-ink-2">
              <b className="font-medium">Version {each.number}:</b> {each.changes}
            </p>
          ))}
      </div>
      {isGraph ? (
        <DiffView key="graph" before={mine} after={merged} names={{ before: "now", after: "with the update" }} />
      ) : (
        <DiffView
          key="template"
          before={before}
          after={after}
          names={{ before: `version ${from}`, after: `version ${to}` }}
        />
      )}
    </main>
  );
}

function TakeButton({ graphId, update }: { graphId: string; update: Update }) {
  const trpc = useTRPC();
  const router = useRouter();
  const queries = useQueryClient();
  const take = useMutation(
    trpc.templates.takeUpdate.mutationOptions({
      async onSuccess({ number, kept }) {
        // The editor has asked before which version the graph has.
        await queries.invalidateQueries({ queryKey: trpc.templates.pathKey(), refetchType: "none" });
        toast(`The graph has version ${number} now.`, { description: `What it was is version ${kept} of the graph.` });
        router.push(`/graphs/${graphId}`);
        router.refresh();
      },
      onError: (error) => toast.error(problemOf(error).message),
    }),
  );
  return (
    <Button look="primary" disabled={take.isPending} onClick={() => take.mutate({ graphId })}>
      <ArrowUpCircle className="size-4" aria-hidden />
      Take version {update.to}
    </Button>
  );
}
