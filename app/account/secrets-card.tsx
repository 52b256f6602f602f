"use client";

import { useMutation, useQuery } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { useTRPC } from "../_trpc/client";
import { Ago } from "../_ui/ago";
import { Button } from "../_ui/button";
import { Card } from "../_ui/card";
import { Field, FieldRow, Line, Nothing, valuesOf } from "./fields";
import { useTold } from "./use-told";

/** The secrets of a team: graphs name them; nobody is shown their texts again. */
export function SecretsCard({ team, mayChange }: { team?: string; mayChange: boolean }) {
  const trpc = useTRPC();
  const { data: secrets = [] } = useQuery(trpc.teams.secrets.queryOptions({ team }));
  const told = useTold();
  const set = useMutation(trpc.teams.setSecret.mutationOptions(told));
  const remove = useMutation(trpc.teams.removeSecret.mutationOptions(told));
  const keep = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const { name = "", text = "" } = valuesOf(form);
    set.mutate({ team, name, text }, { onSuccess: () => form.reset() });
  };
  return (
    <Card title="Secrets" note="Graphs name them. What they say is sealed, and never shown again.">
      {!secrets.length && <Nothing>None is kept yet.</Nothing>}
      <ul>
        {secrets.map(({ id, name, updatedAt }) => (
          <Line
            key={id}
            facts={
              <>
                kept <Ago date={updatedAt} />
              </>
            }
            actions={
              mayChange && (
                <Button size="s" look="danger" onClick={() => remove.mutate({ id })}>
                  Remove
                </Button>
              )
            }
          >
            {name}
          </Line>
        ))}
      </ul>
      {mayChange && (
        <FieldRow onSubmit={keep} autoComplete="off">
          <Field label="Name" name="name" required pattern="[\w.\-]{1,64}" placeholder="hub-token" />
          <Field label="What it says" name="text" type="password" autoComplete="off" required />
          <Button type="submit">Keep it</Button>
        </FieldRow>
      )}
    </Card>
  );
}
