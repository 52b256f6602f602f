"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { problemOf, useTRPC } from "../_trpc/client";
import { Markdown } from "../_ui/markdown";
import { Complaint } from "../_ui/page";
import { Shell } from "../_ui/shell";

/** What can be used without wiring: what ships, and what was published here. */
export function AppsPage() {
  const trpc = useTRPC();
  const { data = [], error } = useQuery(trpc.apps.list.queryOptions({}));
  return (
    <Shell here="apps">
      <h1 className="mb-1 text-xl font-semibold tracking-tight">Apps</h1>
      <p className="mb-4 text-ink-2">Graphs as simple pages: fill in, start, see what comes out.</p>
      {error && <Complaint>{problemOf(error).message}</Complaint>}
      <ul className="grid grid-cols-1 gap-3 md:grid-cols-2">
        {data.map(({ id, title, text }) => (
          <li key={id} className="relative rounded-xl border border-line bg-surface p-4 hover:border-accent">
            <h2 className="font-semibold">
              <Link href={`/apps/${id}`} className="after:absolute after:inset-0">
                {title}
              </Link>
            </h2>
            <div className="mt-1 line-clamp-4 text-ink-2">
              <Markdown text={text} />
            </div>
          </li>
        ))}
      </ul>
    </Shell>
  );
}
