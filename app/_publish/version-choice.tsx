"use client";

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { problemOf, useTRPC, useTRPCClient } from "../_trpc/client";
import { Button } from "../_ui/button";
import { Complaint } from "../_ui/page";
import { clockText } from "../_ui/times";

interface VersionChoiceProps {
  graph: string;
  value: string | undefined;
  /** Stores what is on the screen, which then can be given a name here. */
  save?(): Promise<boolean>;
  /** Nothing is chosen while a version gets its name: what is pressed meanwhile must not publish another one. */
  onChange(version: string | undefined): void;
}

/** One of the named versions of the graph, the newest at first; or a name for what it is now. */
export function VersionChoice({ graph, value, save, onChange }: VersionChoiceProps) {
  const trpc = useTRPC();
  const { data } = useQuery(trpc.graphs.versions.queryOptions({ id: graph }));
  const [isNaming, setNaming] = useState(false);
  const named = data?.filter(({ label }) => label) ?? [];
  const newest = named[0]?.id;
  useEffect(() => {
    if (value === undefined && newest !== undefined && !isNaming) onChange(newest);
  }, [value, newest, isNaming, onChange]);
  function tellNaming(isBegun: boolean): void {
    setNaming(isBegun);
    if (isBegun) onChange(undefined);
  }
  return (
    <section aria-label="Version">
      <p className="mb-1 font-medium text-ink-2">Version that others get</p>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        {named.length > 0 && (
          <select
            className="field w-auto min-w-64 flex-1"
            aria-label="Version"
            value={value ?? ""}
            onChange={(event) => onChange(event.target.value)}
          >
            {isNaming && <option value="">…</option>}
            {named.map(({ id, number, label, createdAt }) => (
              <option key={id} value={id}>
                {label} · {number} · {clockText(createdAt.getTime())}
              </option>
            ))}
          </select>
        )}
        {save && (
          <NameNow
            graph={graph}
            isFirst={!named.length}
            isNaming={isNaming}
            save={save}
            onNaming={tellNaming}
            onNamed={onChange}
          />
        )}
      </div>
      <p className="mt-1 text-xs text-ink-3">What you do in the graph later stays with you.</p>
    </section>
  );
}

interface NameNowProps {
  graph: string;
  isFirst: boolean;
  isNaming: boolean;
  save(): Promise<boolean>;
  onNaming(isBegun: boolean): void;
  onNamed(version: string): void;
}

function NameNow({ graph, isFirst, isNaming, save, onNaming, onNamed }: NameNowProps) {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const queries = useQueryClient();
  const [label, setLabel] = useState("");
  const [problem, setProblem] = useState<string>();
  async function name(): Promise<void> {
    setProblem(undefined);
    onNaming(true);
    try {
      if (!(await save())) throw new Error("The server does not have this state yet. Wait until it is saved.");
      const { number } = await client.graphs.nameVersion.mutate({ id: graph, label });
      await queries.invalidateQueries({ queryKey: trpc.graphs.versions.queryKey({ id: graph }) });
      const versions = await queries.fetchQuery(trpc.graphs.versions.queryOptions({ id: graph }));
      const made = versions.find((version) => version.number === number);
      if (made) onNamed(made.id);
      setLabel("");
    } catch (error) {
      setProblem(problemOf(error).message);
    }
    onNaming(false);
  }
  return (
    <form
      className="flex flex-wrap items-center gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        if (label.trim() && !isNaming) void name();
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
      <Button type="submit" disabled={!label.trim() || isNaming}>
        Name it
      </Button>
      {problem && <Complaint>{problem}</Complaint>}
    </form>
  );
}
