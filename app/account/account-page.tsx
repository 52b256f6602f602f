"use client";

import { useMutation, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { type FormEvent, useState } from "react";
import { useTRPC } from "../_trpc/client";
import { Ago } from "../_ui/ago";
import { Button } from "../_ui/button";
import { Card } from "../_ui/card";
import { Copied } from "../_ui/copied";
import { Shell } from "../_ui/shell";
import { askAuth } from "./auth-requests";
import { browserName } from "./browser-name";
import { Field, FieldRow, Line, Nothing, SelectField, valuesOf } from "./fields";
import { SecretsCard } from "./secrets-card";
import { TokenLines } from "./token-lines";
import { useTold } from "./use-told";
import { pathHere } from "../_ui/path-here";

/** One's own: teams, sessions and tokens; without accounts, tokens and secrets of the one person who is here. */
export function AccountPage({ hasAccounts }: { hasAccounts: boolean }) {
  return (
    <Shell here="account" actions={hasAccounts && <SignOut />}>
      {hasAccounts && <Profile />}
      {hasAccounts && <SessionsCard />}
      <TokensCard />
      {!hasAccounts && <SecretsCard mayChange />}
    </Shell>
  );
}

function SignOut() {
  const leave = async () => {
    await askAuth("sign-out");
    location.assign(pathHere("/sign-in"));
  };
  return <Button onClick={() => void leave()}>Sign out</Button>;
}

function Profile() {
  const trpc = useTRPC();
  const { data: me } = useQuery(trpc.account.me.queryOptions());
  const told = useTold();
  const workIn = useMutation(trpc.account.workIn.mutationOptions(told));
  const create = useMutation(trpc.teams.create.mutationOptions(told));
  if (me?.kind !== "user") return null;
  const add = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const { name = "" } = valuesOf(form);
    create.mutate({ name }, { onSuccess: () => form.reset() });
  };
  return (
    <>
      <div className="flex flex-wrap items-end justify-between gap-x-6 gap-y-2">
        <div className="min-w-0 wrap-anywhere">
          <h1 className="text-xl font-semibold">{me.name}</h1>
          <p className="text-ink-2">{me.email}</p>
        </div>
        {me.isAdministrator && (
          <nav aria-label="This installation" className="flex gap-4">
            <Link className="text-accent hover:underline" href="/people">
              People and their tokens
            </Link>
            <Link className="text-accent hover:underline" href="/audit">
              What changed access and data
            </Link>
          </nav>
        )}
      </div>
      <Card title="Teams" note="What you make belongs to the team you work in.">
        <ul>
          {me.teams.map(({ id, name, role, isPersonal }) => (
            <Line
              key={id}
              facts={isPersonal ? "your own" : role}
              actions={
                id === me.team ? (
                  <span className="text-xs text-ink-3">you work here</span>
                ) : (
                  <Button size="s" onClick={() => workIn.mutate({ team: id })}>
                    Work here
                  </Button>
                )
              }
            >
              <Link className="hover:text-accent hover:underline" href={`/teams/${id}`}>
                {name}
              </Link>
            </Line>
          ))}
        </ul>
        <FieldRow onSubmit={add}>
          <Field label="A new team" name="name" required maxLength={100} placeholder="Vision" />
          <Button type="submit">Make it</Button>
        </FieldRow>
      </Card>
    </>
  );
}

function SessionsCard() {
  const trpc = useTRPC();
  const { data: sessions = [] } = useQuery(trpc.account.sessions.queryOptions());
  const end = useMutation(trpc.account.endSession.mutationOptions(useTold()));
  return (
    <Card title="Where you are signed in">
      <ul>
        {sessions.map(({ id, userAgent, ipAddress, updatedAt, isThis }) => (
          <Line
            key={id}
            facts={
              <>
                {ipAddress} · <Ago date={updatedAt} />
              </>
            }
            actions={
              isThis ? (
                <span className="text-xs text-ink-3">this one</span>
              ) : (
                <Button size="s" look="danger" onClick={() => end.mutate({ id })}>
                  End
                </Button>
              )
            }
          >
            <span title={userAgent ?? undefined}>{browserName(userAgent ?? "")}</span>
          </Line>
        ))}
      </ul>
    </Card>
  );
}

function TokensCard() {
  const trpc = useTRPC();
  const { data: tokens = [] } = useQuery(trpc.account.tokens.queryOptions());
  const revoke = useMutation(trpc.account.revokeToken.mutationOptions(useTold()));
  return (
    <Card title="API tokens" note="A program comes in with one, as you, but no further than it says.">
      {!tokens.length && <Nothing>There is none yet.</Nothing>}
      <TokenLines tokens={tokens} onRevoke={(id) => revoke.mutate({ id })} />
      <NewToken />
    </Card>
  );
}

function NewToken() {
  const trpc = useTRPC();
  const [text, setText] = useState<string>();
  const graphs = useQuery(trpc.graphs.list.queryOptions());
  const { data: me } = useQuery(trpc.account.me.queryOptions());
  const create = useMutation(trpc.account.createToken.mutationOptions(useTold((made) => setText(made.text))));
  const add = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const { name = "", scope = "read", place = "", days = "" } = valuesOf(form);
    const [kind, id] = place.split(" ");
    const where = kind === "team" ? { team: id } : { graph: kind === "graph" ? id : undefined };
    create.mutate(
      { name, scope: scope as "read" | "run" | "write", days: days ? Number(days) : undefined, ...where },
      { onSuccess: () => form.reset() },
    );
  };
  return (
    <>
      <FieldRow onSubmit={add}>
        <Field label="A new token, for" name="name" required maxLength={100} placeholder="nightly job" />
        <SelectField label="How far it goes" name="scope">
          <option value="read">reads</option>
          <option value="run">reads and runs</option>
          <option value="write">reads, runs and changes</option>
        </SelectField>
        <SelectField label="Of what" name="place">
          <option value="">all that is mine</option>
          {me?.kind === "user" &&
            me.teams.map(({ id, name }) => <option key={id} value={`team ${id}`}>{`team ${name}`}</option>)}
          {graphs.data?.map(({ id, name }) => (
            <option key={id} value={`graph ${id}`}>
              {name}
            </option>
          ))}
        </SelectField>
        <SelectField label="How long" name="days" defaultValue="90">
          <option value="30">30 days</option>
          <option value="90">90 days</option>
          <option value="365">a year</option>
          <option value="">without end</option>
        </SelectField>
        <Button type="submit">Make it</Button>
      </FieldRow>
      {text && (
        <div className="mt-4 rounded-lg border border-line bg-sunken p-3" role="status">
          <Copied label="Copy it now; it is not shown again" text={text} />
        </div>
      )}
    </>
  );
}
