"use client";

import { useMutation, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import { type Outputs, useTRPC } from "../_trpc/client";
import { Ago } from "../_ui/ago";
import { Button } from "../_ui/button";
import { Card } from "../_ui/card";
import { ConfirmDialog } from "../_ui/confirm-dialog";
import { Shell } from "../_ui/shell";
import { Line, Nothing } from "../account/fields";
import { TokenLines } from "../account/token-lines";
import { useTold } from "../account/use-told";

type Person = Outputs["people"]["list"][number];

/** For administrators: who has an account, who else runs the installation, and all tokens. */
export function PeoplePage() {
  const trpc = useTRPC();
  const { data: people = [] } = useQuery(trpc.people.list.queryOptions());
  const { data: tokens = [] } = useQuery(trpc.people.tokens.queryOptions());
  const { data: me } = useQuery(trpc.account.me.queryOptions());
  const revoke = useMutation(trpc.people.revokeToken.mutationOptions(useTold()));
  return (
    <Shell here="account">
      <h1 className="text-xl font-semibold">People</h1>
      <p className="text-ink-2">
        Who has an account here. What they changed is in{" "}
        <Link className="underline" href="/audit">
          what changed access and data
        </Link>
        .
      </p>
      <Card title="Accounts" note="New ones come by the invitation of a team, on its page.">
        <ul>
          {people.map((person) => (
            <PersonLine key={person.id} person={person} isMe={me?.kind === "user" && me.id === person.id} />
          ))}
        </ul>
      </Card>
      <Card title="All API tokens" note="One that is ended opens nothing from that moment on.">
        {tokens.length === 0 && <Nothing>Nobody has made one.</Nothing>}
        <TokenLines tokens={tokens} showsOwner onRevoke={(id) => revoke.mutate({ id })} />
      </Card>
    </Shell>
  );
}

function PersonLine({ person, isMe }: { person: Person; isMe: boolean }) {
  const trpc = useTRPC();
  const told = useTold();
  const setAdministrator = useMutation(trpc.people.setAdministrator.mutationOptions(told));
  const signOut = useMutation(trpc.people.signOut.mutationOptions(told));
  const remove = useMutation(trpc.people.remove.mutationOptions(told));
  const { id, name, email, isAdministrator, teams, seenAt } = person;
  const [asks, setAsks] = useState(false);
  return (
    <Line
      facts={
        <>
          {email} · {isMe && "you · "}
          {isAdministrator && "administrator · "}
          {teams} {teams === 1 ? "team" : "teams"}
          {seenAt && (
            <>
              {" · seen "}
              <Ago date={seenAt} />
            </>
          )}
        </>
      }
      actions={
        <>
          <Button size="s" onClick={() => setAdministrator.mutate({ user: id, isAdministrator: !isAdministrator })}>
            {isAdministrator ? "No administrator any more" : "Make administrator"}
          </Button>
          {!isMe && (
            <>
              {asks && (
                <ConfirmDialog
                  title={`Remove the account of ${name}?`}
                  confirm="Remove the account"
                  onConfirm={() => remove.mutate({ email })}
                  onClose={() => setAsks(false)}
                >
                  Their sessions and tokens end at once. What they made stays with its teams.
                </ConfirmDialog>
              )}
              <Button size="s" onClick={() => signOut.mutate({ user: id })}>
                End sessions and tokens
              </Button>
              <Button size="s" look="danger" onClick={() => setAsks(true)}>
                Remove
              </Button>
            </>
          )}
        </>
      }
    >
      {name}
    </Line>
  );
}
