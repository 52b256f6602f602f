"use client";

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { problemOf, useTRPC } from "../_trpc/client";
import { Choice } from "../_ui/choice";
import { Window } from "../_ui/window";
import { LinkList } from "./link-list";
import { MadeLink } from "./made-link";
import { ShareForm } from "./share-form";

interface ShareWindowProps {
  /** The graph of which a version is shared; or the runs, which are shared by themselves. */
  graph?: string;
  runs?: readonly string[];
  /** Stores what is on the screen. */
  save?(): Promise<boolean>;
  onClose(): void;
}

/** Makes links, and lists those that there are: to copy and to take back. */
export function ShareWindow({ graph, runs, save, onClose }: ShareWindowProps) {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const [tab, setTab] = useState<"new" | "made">("new");
  const [token, setToken] = useState<string>();
  const { data: links = [], error } = useQuery(trpc.links.list.queryOptions({ graph }));
  const open = links.filter(({ revokedAt }) => revokedAt === null);
  function made(address: string): void {
    setToken(address);
    void queries.invalidateQueries(trpc.links.list.queryFilter());
  }
  return (
    <Window title="Share" width={620} onClose={onClose}>
      <div className="mb-4">
        <Choice
          label="What is done"
          options={{ new: "New link", made: `Links (${open.length})` }}
          value={tab}
          onChange={setTab}
        />
      </div>
      {error && <p className="mb-3 text-bad">{problemOf(error).message}</p>}
      {tab === "made" && <LinkList links={links} />}
      {tab === "new" && token && <MadeLink token={token} onAnother={() => setToken(undefined)} />}
      {tab === "new" && !token && <ShareForm graph={graph} runs={runs} save={save} onMade={made} />}
    </Window>
  );
}
