"use client";

import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { hasEnded } from "../_editor/run-state";
import { useTRPC } from "../_trpc/client";
import { clockText } from "../_ui/times";

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
            run of {clockText(createdAt.getTime())} ({status})
          </option>
        ))}
      </select>
    </label>
  );
}
