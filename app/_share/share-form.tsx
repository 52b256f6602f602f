"use client";

import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { problemOf, useTRPC, useTRPCClient } from "../_trpc/client";
import { Button } from "../_ui/button";
import { toast } from "../_ui/toast";
import { type Choices, LeavingList } from "./leaving-list";
import { pictureOfVersion } from "./picture-of-version";
import { VersionChoice } from "../_publish/version-choice";
import { RunChoice } from "./run-choice";
import { SitesField } from "./sites-field";
import { sitesIn, spans } from "./terms";

interface ShareFormProps {
  graph?: string;
  runs?: readonly string[];
  save?(): Promise<boolean>;
  onMade(token: string): void;
}

/** Left out at first is what names things of the sharer's machine. */
const first: Choices = { leaveOut: { files: true, paths: true }, resultFiles: false };

/** A new link: what is shown, what leaves with it, for how long and for whom. */
export function ShareForm({ graph, runs, save, onMade }: ShareFormProps) {
  const trpc = useTRPC();
  const [version, setVersion] = useState<string>();
  const [run, setRun] = useState<string>();
  const [choices, setChoices] = useState(first);
  const [days, setDays] = useState(0);
  const [password, setPassword] = useState("");
  const [sites, setSites] = useState("");
  const source = graph ? version && { version, run } : runs && { runs: [...runs] };
  const leaves = useQuery({
    ...trpc.links.leaves.queryOptions({ source: source || { runs: [] }, ...choices }),
    enabled: Boolean(source),
    placeholderData: (before) => before,
  });
  // The list may still be that of what was chosen before.
  const isListed = leaves.data !== undefined && !leaves.isPlaceholderData;
  const { make, isMaking } = useMake(onMade);
  const start = () => {
    if (!source) return;
    const span = days ? { days } : {};
    make({ source, ...choices, ...span, ...(password ? { password } : {}), sites: sitesIn(sites) });
  };
  return (
    <div className="flex flex-col gap-4">
      {graph && (
        <>
          <VersionChoice graph={graph} value={version} save={save} onChange={setVersion} />
          <RunChoice graph={graph} value={run} onChange={setRun} />
        </>
      )}
      {leaves.error && source && <p className="text-bad">{problemOf(leaves.error).message}</p>}
      {leaves.data && source && <LeavingList leaves={leaves.data} choices={choices} onChange={setChoices} />}
      <div className="grid grid-cols-2 gap-3">
        <label className="block text-xs text-ink-2">
          Shown
          <select className="field mt-1" value={days} onChange={(event) => setDays(Number(event.target.value))}>
            {Object.entries(spans).map(([span, text]) => (
              <option key={span} value={span}>
                {text}
              </option>
            ))}
          </select>
        </label>
        <label className="block text-xs text-ink-2">
          Password, if it asks for one
          <input
            className="field mt-1"
            autoComplete="new-password"
            maxLength={200}
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        </label>
      </div>
      <SitesField value={sites} onChange={setSites} />
      <div className="sticky -bottom-4 -mx-4 -mb-4 rounded-b-xl border-t border-line bg-raised px-4 py-3 text-right">
        <Button look="primary" disabled={!isListed || !source || isMaking} onClick={start}>
          {isMaking ? "Making the link…" : "Make the link"}
        </Button>
      </div>
    </div>
  );
}

type NewLink = Parameters<ReturnType<typeof useTRPCClient>["links"]["make"]["mutate"]>[0];

/** Draws the picture that goes with the address first, where a graph is shared. */
function useMake(onMade: (token: string) => void): { make(link: NewLink): void; isMaking: boolean } {
  const client = useTRPCClient();
  const { mutate, isPending } = useMutation({
    mutationFn: async (link: NewLink) => {
      const { source, leaveOut } = link;
      const picture = "version" in source ? await pictureOfVersion(client, source.version, leaveOut) : undefined;
      return client.links.make.mutate({ ...link, picture });
    },
    onSuccess: ({ token }) => onMade(token),
    onError: (error) => toast.error(problemOf(error).message, { description: problemOf(error).hint }),
  });
  return { make: mutate, isMaking: isPending };
}
