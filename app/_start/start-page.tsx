"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Copy, FileUp, GraduationCap, Plus, Trash2 } from "lucide-react";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { type ReactNode, useRef } from "react";
import { toast } from "sonner";
import { problemOf, useTRPC } from "../_trpc/client";
import { Button, IconButton } from "../_ui/button";
import { Shell } from "../_ui/shell";
import { StatusMark } from "../_ui/status";
import { ago } from "../_ui/amounts";

export interface TemplateEntry {
  key: string;
  name: string;
  description: string;
  nodes: number;
  trains: boolean;
  source: { template: string } | { from: string };
  picture: ReactNode;
}

/** What a visitor meets: templates to start from, then the graphs that are there. */
export function StartPage({ templates }: { templates: TemplateEntry[] }) {
  const trpc = useTRPC();
  const router = useRouter();
  const queries = useQueryClient();
  const file = useRef<HTMLInputElement>(null);
  const graphs = useQuery(trpc.graphs.list.queryOptions());
  const fail = (error: unknown) => {
    const { message, hint } = problemOf(error);
    toast.error(message, { description: hint });
  };
  const create = useMutation(
    trpc.graphs.create.mutationOptions({ onSuccess: ({ id }) => router.push(`/graphs/${id}`), onError: fail }),
  );
  const refresh = () => void queries.invalidateQueries({ queryKey: trpc.graphs.list.queryKey() });
  const restore = useMutation(trpc.graphs.restore.mutationOptions({ onSuccess: refresh, onError: fail }));
  const remove = useMutation(
    trpc.graphs.remove.mutationOptions({
      onSuccess: (_, { id }) => {
        refresh();
        toast("Graph deleted", { action: { label: "Undo", onClick: () => restore.mutate({ id }) } });
      },
      onError: fail,
    }),
  );
  const open = async (chosen: File | undefined) => {
    if (!chosen) return;
    if (chosen.size > 4 * 2 ** 20)
      return void toast.error(`“${chosen.name}” has ${Math.ceil(chosen.size / 2 ** 20)} MiB; a graph may have 4.`);
    try {
      create.mutate({ document: JSON.parse(await chosen.text()) });
    } catch {
      toast.error(`“${chosen.name}” is no JSON.`, { description: "Choose a graph that was exported from Patchbay." });
    }
  };

  return (
    <Shell
      here="start"
      actions={
        <>
          <input
            ref={file}
            type="file"
            accept="application/json,.json"
            className="hidden"
            onChange={(e) => void open(e.target.files?.[0])}
          />
          <Button onClick={() => file.current?.click()}>
            <FileUp className="size-4" aria-hidden />
            Open file
          </Button>
          <Button look="primary" disabled={create.isPending} onClick={() => create.mutate({})}>
            <Plus className="size-4" aria-hidden />
            New graph
          </Button>
        </>
      }
    >
      <section aria-labelledby="templates">
        <h1 id="templates" className="text-xl font-semibold tracking-tight">
          Start from a template
        </h1>
        <p className="mt-1 text-ink-2">
          Each one runs as it is, on data that is here already. Open it, press Run, then change what you like.
        </p>
        <div className="mt-4 grid gap-4 sm:grid-cols-2 lg:grid-cols-3 xl:grid-cols-4">
          {templates.map((t) => (
            <button
              key={t.key}
              type="button"
              data-template={t.key}
              disabled={create.isPending}
              onClick={() => create.mutate(t.source)}
              className="group flex flex-col overflow-hidden rounded-xl border border-line bg-surface text-left shadow-[var(--shadow)] transition hover:border-accent"
            >
              <div className="h-36 w-full border-b border-line bg-sunken p-3">{t.picture}</div>
              <div className="flex flex-1 flex-col gap-1 p-4">
                <div className="flex items-center gap-2 font-semibold text-ink">{t.name}</div>
                <p className="flex-1 text-ink-2">{t.description}</p>
                <div className="mt-2 flex items-center gap-3 text-xs text-ink-3">
                  <span>{t.nodes} nodes</span>
                  {t.trains && (
                    <span className="inline-flex items-center gap-1">
                      <GraduationCap className="size-3.5" aria-hidden />
                      trains
                    </span>
                  )}
                </div>
              </div>
            </button>
          ))}
        </div>
      </section>

      <section aria-labelledby="graphs" className="mt-10">
        <h2 id="graphs" className="text-lg font-semibold tracking-tight">
          Your graphs
        </h2>
        {graphs.error && (
          <p className="mt-3 rounded-lg border border-line bg-bad-soft p-3 text-bad">
            {problemOf(graphs.error).message}
          </p>
        )}
        {graphs.data?.length === 0 && (
          <p className="mt-3 text-ink-2">None yet. Open a template above, or start with an empty graph.</p>
        )}
        <div className="mt-3 overflow-hidden rounded-xl border border-line bg-surface empty:hidden">
          {graphs.data?.map((g) => (
            <div
              key={g.id}
              className="flex items-center gap-3 border-b border-line px-4 py-2.5 last:border-0 hover:bg-sunken"
            >
              <Link href={`/graphs/${g.id}`} className="min-w-0 flex-1">
                <span className="block truncate font-medium">{g.name}</span>
                <span className="text-xs text-ink-3">
                  {g.nodes} nodes · changed {ago(g.updatedAt)}
                  {g.publishedAt ? " · published as a template" : ""}
                </span>
              </Link>
              <StatusMark status={g.lastRun?.status} />
              <IconButton label={`Copy ${g.name}`} onClick={() => create.mutate({ from: g.id })}>
                <Copy className="size-4" aria-hidden />
              </IconButton>
              <IconButton label={`Delete ${g.name}`} onClick={() => remove.mutate({ id: g.id })}>
                <Trash2 className="size-4" aria-hidden />
              </IconButton>
            </div>
          ))}
        </div>
      </section>
    </Shell>
  );
}
