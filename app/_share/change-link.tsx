"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { type Inputs, type Outputs, problemOf, useTRPC } from "../_trpc/client";
import { Button } from "../_ui/button";
import { Checkbox } from "../_ui/checkbox";
import { toast } from "../_ui/toast";
import { SitesField } from "./sites-field";
import { sitesIn, spans } from "./terms";

type Link = Outputs["links"]["list"][number];
type Change = Inputs["links"]["change"];

/** What of a link can be another while its address stays: its end, its password, and who may frame it. */
export function ChangeLink({ link, onDone }: { link: Link; onDone(): void }) {
  const { id, expiresAt, hasPassword } = link;
  const [days, setDays] = useState("");
  const [password, setPassword] = useState("");
  const [isOpen, setOpen] = useState(false);
  const [sites, setSites] = useState(link.sites.join(", "));
  const { change, isPending } = useChange(onDone);
  function submit(event: FormEvent): void {
    event.preventDefault();
    const wish: Change = { id, sites: sitesIn(sites) };
    if (days !== "") wish.days = Number(days) || null;
    if (isOpen) wish.password = null;
    else if (password) wish.password = password;
    change(wish);
  }
  return (
    <form className="mt-2 flex flex-col gap-3 rounded-lg bg-sunken p-3" data-change-link onSubmit={submit}>
      <div className="grid gap-3 sm:grid-cols-2">
        <label className="block text-xs text-ink-2">
          Shown
          <select className="field mt-1" value={days} onChange={(event) => setDays(event.target.value)}>
            <option value="">
              {expiresAt ? `as it is: until ${expiresAt.toLocaleString()}` : "as it is: until it is taken back"}
            </option>
            {Object.entries(spans)
              .filter(([span]) => span !== "0" || expiresAt)
              .map(([span, text]) => (
                <option key={span} value={span}>
                  {span === "0" ? text : `${text} from now`}
                </option>
              ))}
          </select>
        </label>
        <div className="text-xs text-ink-2">
          <label className="block">
            Password
            <input
              className="field mt-1"
              autoComplete="new-password"
              minLength={4}
              maxLength={200}
              placeholder={hasPassword ? "as it is; type another one" : "none; type one to ask for it"}
              disabled={isOpen}
              value={password}
              onChange={(event) => setPassword(event.target.value)}
            />
          </label>
          {hasPassword && (
            <Checkbox label="Ask for none any more" className="mt-1" checked={isOpen} onChange={setOpen} />
          )}
        </div>
      </div>
      <SitesField value={sites} onChange={setSites} />
      <div className="flex flex-wrap items-center gap-2">
        <p className="min-w-48 flex-1 text-xs text-ink-3">
          What it shows is frozen, files too: for that, make another link and take this one back.
        </p>
        <Button size="s" onClick={onDone}>
          Not now
        </Button>
        <Button size="s" look="primary" type="submit" disabled={isPending}>
          {isPending ? "Changing…" : "Change"}
        </Button>
      </div>
    </form>
  );
}

function useChange(onDone: () => void): { change(wish: Change): void; isPending: boolean } {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const { mutate, isPending } = useMutation(
    trpc.links.change.mutationOptions({
      async onSuccess() {
        await queries.invalidateQueries(trpc.links.list.queryFilter());
        toast("Changed: the address stays.");
        onDone();
      },
      onError: (error) => toast.error(problemOf(error).message, { description: problemOf(error).hint }),
    }),
  );
  return { change: mutate, isPending };
}
