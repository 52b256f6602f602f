"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { CodeXml, Copy, Lock, Settings2, Unlink } from "lucide-react";
import { useState } from "react";
import { type Outputs, problemOf, useTRPC } from "../_trpc/client";
import { Ago } from "../_ui/ago";
import { countOf } from "../_ui/amounts";
import { copyAndTell } from "../_ui/copied";
import { dayText } from "../_ui/times";
import { IconButton } from "../_ui/button";
import { toast } from "../_ui/toast";
import { ChangeLink } from "./change-link";
import { addressOf, frameOf } from "./made-link";

type Link = Outputs["links"]["list"][number];

/** Links with what came of them. One that was taken back shows nothing any more, and stays in the list. */
export function LinkList({ links }: { links: readonly Link[] }) {
  if (!links.length) return <p className="text-ink-2">There are no links yet.</p>;
  return (
    <ul className="divide-y divide-line rounded-lg border border-line" data-links>
      {links.map((link) => (
        <LinkRow key={link.id} link={link} />
      ))}
    </ul>
  );
}

const kinds: { [K in Link["kind"]]: string } = { version: "version", run: "run", comparison: "comparison" };

function LinkRow({ link }: { link: Link }) {
  const { title, kind, token, hasPassword, sites, createdAt, lastVisitAt, visits } = link;
  const state = stateOf(link);
  const revoke = useRevoke();
  const [isChanging, setChanging] = useState(false);
  const isThere = link.revokedAt === null;
  return (
    <li className="px-3 py-2" data-link={link.id}>
      <div className="flex items-center gap-2">
        <div className={`min-w-0 flex-1 ${state ? "text-ink-3" : ""}`}>
          <p className="flex items-center gap-1.5 font-medium">
            <span className="truncate">{title}</span>
            {hasPassword && <Lock className="size-3.5 shrink-0 text-ink-3" aria-label="With a password" />}
            {state && <span className="shrink-0 rounded-full bg-sunken px-2 text-xs text-ink-2">{state}</span>}
          </p>
          <p className="text-xs wrap-anywhere text-ink-3">
            {kinds[kind]}, made <Ago date={createdAt} /> · {visits ? countOf(visits, "visit") : "not visited yet"}
            {lastVisitAt && (
              <>
                , last <Ago date={lastVisitAt} />
              </>
            )}
            {!state && link.expiresAt && ` · until ${dayText(link.expiresAt)}`}
            {sites.length > 0 && ` · in frames of ${sites.map((site) => site.replace(/^https:\/\//, "")).join(", ")}`}
          </p>
        </div>
        {!state && token && (
          <IconButton label={`Copy the address of ${title}`} onClick={() => void copyAndTell(addressOf(token))}>
            <Copy className="size-4" aria-hidden />
          </IconButton>
        )}
        {!state && token && sites.length > 0 && (
          <IconButton label={`Copy the frame of ${title}`} onClick={() => void copyAndTell(frameOf(token))}>
            <CodeXml className="size-4" aria-hidden />
          </IconButton>
        )}
        {isThere && (
          <IconButton label={`Change ${title}`} aria-expanded={isChanging} onClick={() => setChanging(!isChanging)}>
            <Settings2 className="size-4" aria-hidden />
          </IconButton>
        )}
        {isThere && (
          <IconButton label={`Take back ${title}`} onClick={() => revoke(link.id)}>
            <Unlink className="size-4" aria-hidden />
          </IconButton>
        )}
      </div>
      {isThere && isChanging && <ChangeLink link={link} onDone={() => setChanging(false)} />}
    </li>
  );
}

function stateOf({ revokedAt, expiresAt, token }: Link): string | undefined {
  if (revokedAt) return "taken back";
  if (expiresAt && expiresAt.getTime() <= Date.now()) return "over";
  return token ? undefined : "address unknown";
}

function useRevoke(): (id: string) => void {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const { mutate } = useMutation(
    trpc.links.revoke.mutationOptions({
      onSuccess: () => {
        toast("Taken back: the address shows nothing any more.");
        return queries.invalidateQueries(trpc.links.list.queryFilter());
      },
      onError: (error) => toast.error(problemOf(error).message),
    }),
  );
  return (id) => mutate({ id });
}
