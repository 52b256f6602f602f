"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { problemOf, useTRPC, useTRPCClient } from "../_trpc/client";
import { Button } from "../_ui/button";
import { Complaint } from "../_ui/page";
import { clockText } from "../_ui/times";

interface VersionChoiceProps {
  graphId: string;
  value: string | undefined;
  save(): Promise<boolean>;
  onChange(version: string): void;
}

/** One of the named versions of the graph, the newest at first; or a name for what it is now. */
export function VersionChoice({ graphId, value, save, onChange }: VersionChoiceProps) {
  const trpc = useTRPC();
  const { data } = useQuery(trpc.graphs.versions.queryOptions({ id: graphId }));
  const named = data?.filter(({ label }) => label) ?? [];
  const newest = named[0]?.id;
  useEffect(() => {
    if (value === undefined && newest !== undefined) onChange(newest);
  }, [value, newest, onChange]);
  return (
    <section aria-label="Version">
      <p className="mb-1 font-medium text-ink-2">Version</p>
      <div className="flex flex-wrap items-center gap-3">
        {named.length > 0 && (
          <select
            className="field w-auto min-w-64"
            aria-label="Version"
            value={value ?? ""}
            onChange={(event) => onChange(event.target.value)}
          >
            {named.map(({ id, number, label, createdAt }) => (
              <option key={id} value={id}>
                {label} · {number} · {clockText(createdAt.getTime())}
              </option>
            ))}
          </select>
        )}
        <NameNow graphId={graphId} isFirst={!named.length} save={save} onNamed={onChange} />
      </div>
      <p className="mt-1 text-xs text-ink-3">Others get this version. What you do in the graph later stays with you.</p>
    </section>
  );
}

interface NameNowProps {
  graphId: string;
  isFirst: boolean;
  save(): Promise<boolean>;
  onNamed(version: string): void;
}

function NameNow({ graphId, isFirst, save, onNamed }: NameNowProps) {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const queries = useQueryClient();
  const [label, setLabel] = useState("");
  const name = useMutation({
    async mutationFn() {
      if (!(await save())) throw new Error("The server does not have this state yet. Wait until it is saved.");
      const { number } = await client.graphs.nameVersion.mutate({ id: graphId, label });
      await queries.invalidateQueries({ queryKey: trpc.graphs.versions.queryKey({ id: graphId }) });
      const versions = await queries.fetchQuery(trpc.graphs.versions.queryOptions({ id: graphId }));
      const made = versions.find((version) => version.number === number);
      if (made) onNamed(made.id);
      setLabel("");
    },
  });
  return (
    <form
      className="flex items-center gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (label.trim()) name.mutate();
      }}
    >
      <input
        className="field w-48"
        aria-label="Name of the graph as it is now"
        placeholder={isFirst ? "Name what it is now" : "or name what it is now"}
        value={label}
        maxLength={100}
        onChange={(event) => setLabel(event.target.value)}
      />
      <Button type="submit" disabled={!label.trim() || name.isPending}>
        Name it
      </Button>
      {name.error && <Complaint>{problemOf(name.error).message}</Complaint>}
    </form>
  );
}
