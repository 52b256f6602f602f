"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { type FormEvent, useState } from "react";
import { useTRPC } from "../_trpc/client";
import { Ago } from "../_ui/ago";
import { Button } from "../_ui/button";
import { Card } from "../_ui/card";
import { Shell } from "../_ui/shell";
import { askAuth } from "./auth-requests";
import { browserName } from "./browser-name";
import { Field, Line, Select, valuesOf } from "./fields";
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
    const { name = "" } = valuesOf(event.currentTarget);
    create.mutate({ name });
    event.currentTarget.reset();
  };
  return (
    <>
      <h1 className="text-xl font-semibold">{me.name}</h1>
      <p className="text-ink-2">{me.email}</p>
      {me.isAdministrator && (
        <p className="mt-1 text-xs text-ink-3">
          You run this installation:{" "}
          <Link className="underline" href="/people">
            people and their tokens
          </Link>
          ,{" "}
          <Link className="underline" href="/audit">
            what changed access and data
          </Link>
        </p>
      )}
      <Card title="Teams" note="What you make belongs to the team you work in.">
        <ul>
          {me.teams.map(({ id, name, role, isPersonal }) => (
            <Line
              key={id}
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
              <Link className="font-medium underline" href={`/teams/${id}`}>
                {name}
              </Link>
              <span className="ml-2 text-xs text-ink-3">{isPersonal ? "your own" : role}</span>
            </Line>
          ))}
        </ul>
        <form className="mt-3 flex items-end gap-2" onSubmit={add}>
          <Field label="A new team" name="name" required maxLength={100} />
          <Button type="submit">Make it</Button>
        </form>
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
            <span className="ml-2 text-xs text-ink-3">
              {ipAddress} · <Ago date={updatedAt} />
            </span>
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
  const queries = useQueryClient();
  const add = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const { name = "", scope = "read", place = "", days = "" } = valuesOf(event.currentTarget);
    const [kind, id] = place.split(" ");
    const where = kind === "team" ? { team: id } : { graph: kind === "graph" ? id : undefined };
    create.mutate(
      { name, scope: scope as "read" | "run" | "write", days: days ? Number(days) : undefined, ...where },
      { onSuccess: () => void queries.invalidateQueries() },
    );
  };
  return (
    <>
      <form className="mt-3 flex flex-wrap items-end gap-2" onSubmit={add}>
        <Field label="A new token, for" name="name" required maxLength={100} placeholder="nightly job" />
        <Select label="How far it goes" name="scope">
          <option value="read">reads</option>
          <option value="run">reads and runs</option>
          <option value="write">reads, runs and changes</option>
        </Select>
        <Select label="Of what" name="place">
          <option value="">all that is mine</option>
          {me?.kind === "user" &&
            me.teams.map(({ id, name }) => <option key={id} value={`team ${id}`}>{`team ${name}`}</option>)}
          {graphs.data?.map(({ id, name }) => (
            <option key={id} value={`graph ${id}`}>
              {name}
            </option>
          ))}
        </Select>
        <Select label="How long" name="days" defaultValue="90">
          <option value="30">30 days</option>
          <option value="90">90 days</option>
          <option value="365">a year</option>
          <option value="">without end</option>
        </Select>
        <Button type="submit">Make it</Button>
      </form>
      {text && (
        <p className="mt-3 rounded-lg border border-line bg-sunken p-3" role="status">
          Copy it now; it is not shown again: <code className="select-all break-all">{text}</code>
        </p>
      )}
    </>
  );
}
