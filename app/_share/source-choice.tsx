"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { hasEnded } from "../_editor/run-state";
import { problemOf, useTRPC, useTRPCClient } from "../_trpc/client";
import { ago } from "../_ui/amounts";
import { Button } from "../_ui/button";
import { toast } from "../_ui/toast";

interface VersionChoiceProps {
  graph: string;
  value: string | undefined;
  save?(): Promise<boolean>;
  onChange(version: string | undefined): void;
}

/** Which version with a name; what is on the screen can be given one here. */
export function VersionChoice({ graph, value, save, onChange }: VersionChoiceProps) {
  const trpc = useTRPC();
  const { data = [] } = useQuery(trpc.graphs.versions.queryOptions({ id: graph }));
  const named = data.filter(({ label }) => label);
  const newest = named[0]?.id;
  useEffect(() => {
    if (value === undefined && newest) onChange(newest);
  }, [value, newest, onChange]);
  return (
    <div>
      <label className="block text-xs text-ink-2">
        Version that others see
        <select className="field mt-1" value={value ?? ""} onChange={(event) => onChange(event.target.value)}>
          {!named.length && <option value="">none has a name yet</option>}
          {named.map(({ id, number, label, createdAt }) => (
            <option key={id} value={id}>
              {number}: {label} ({ago(createdAt)})
            </option>
          ))}
        </select>
      </label>
      {save && <NameNow graph={graph} save={save} onNamed={onChange} />}
    </div>
  );
}

function NameNow({ graph, save, onNamed }: { graph: string; save(): Promise<boolean>; onNamed(id: string): void }) {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const queries = useQueryClient();
  const [label, setLabel] = useState("");
  const { mutate, isPending } = useMutation({
    mutationFn: async () => {
      if (!(await save())) throw new Error("Not named: the server does not have this state yet.");
      const { number } = await client.graphs.nameVersion.mutate({ id: graph, label });
      await queries.invalidateQueries(trpc.graphs.versions.queryFilter({ id: graph }));
      const versions = await client.graphs.versions.query({ id: graph });
      return versions.find((version) => version.number === number)?.id;
    },
    onSuccess: (id) => {
      setLabel("");
      if (id) onNamed(id);
    },
    onError: (error) => toast.error(problemOf(error).message),
  });
  return (
    <div className="mt-2 flex gap-2">
      <input
        className="field"
        aria-label="Name for the graph as it is now"
        placeholder="Or name the graph as it is now"
        maxLength={100}
        value={label}
        onChange={(event) => setLabel(event.target.value)}
      />
      <Button disabled={!label.trim() || isPending} onClick={() => mutate()}>
        Name it
      </Button>
    </div>
  );
}

interface RunChoiceProps {
  graph: string;
  value: string | undefined;
  onChange(run: string | undefined): void;
}

/** With the results of which run, if any. */
export function RunChoice({ graph, value, onChange }: RunChoiceProps) {
  const trpc = useTRPC();
  const { data } = useQuery(trpc.runs.list.queryOptions({ graphId: graph, take: 50 }));
  const ended = data?.filter(({ status }) => hasEnded(status));
  const [isChosen, setChosen] = useState(false);
  const newest = ended?.find(({ status }) => status === "done")?.id;
  useEffect(() => {
    if (!isChosen && newest) onChange(newest);
  }, [isChosen, newest, onChange]);
  function choose(run: string): void {
    setChosen(true);
    onChange(run || undefined);
  }
  return (
    <label className="block text-xs text-ink-2">
      Results
      <select className="field mt-1" value={value ?? ""} onChange={(event) => choose(event.target.value)}>
        <option value="">none</option>
        {ended?.map(({ id, status, createdAt }) => (
          <option key={id} value={id}>
            run of {createdAt.toLocaleString()} ({status})
          </option>
        ))}
      </select>
    </label>
  );
}
