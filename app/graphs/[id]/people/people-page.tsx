"use client";

import { useMutation, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import type { FormEvent } from "react";
import { useTRPC } from "../../../_trpc/client";
import { Button } from "../../../_ui/button";
import { Card } from "../../../_ui/card";
import { Shell } from "../../../_ui/shell";
import { Field, Line, Select, valuesOf } from "../../../account/fields";
import { useTold } from "../../../account/use-told";

/** Who may do what with one graph, beside those of its team. */
export function PeoplePage({ id, name, team }: { id: string; name: string; team: { id: string; name: string } }) {
  const trpc = useTRPC();
  const { data: people = [] } = useQuery(trpc.teams.graphRoles.queryOptions({ graph: id }));
  const grant = useMutation(trpc.teams.grant.mutationOptions(useTold()));
  const add = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const { email = "", role = "viewer" } = valuesOf(event.currentTarget);
    grant.mutate({ graph: id, email, role: role as "viewer" });
    event.currentTarget.reset();
  };
  return (
    <Shell here="start">
      <h1 className="text-xl font-semibold">
        <Link href={`/graphs/${id}`}>{name}</Link>
      </h1>
      <p className="text-ink-2">
        It belongs to the team{" "}
        <Link className="underline" href={`/teams/${team.id}`}>
          {team.name}
        </Link>
        , whose members may do with it what their role says.
      </p>
      <Card title="Others, for this graph alone">
        <ul>
          {people.map((person) => (
            <Line
              key={person.id}
              actions={
                <Button
                  size="s"
                  look="danger"
                  onClick={() => grant.mutate({ graph: id, email: person.email, role: null })}
                >
                  Take away
                </Button>
              }
            >
              <b>{person.name}</b> <span className="text-xs text-ink-3">{person.email}</span>
              <span className="ml-2 text-xs text-ink-3">{person.role}</span>
            </Line>
          ))}
        </ul>
        <form className="mt-3 flex flex-wrap items-end gap-2" onSubmit={add}>
          <Field label="E-mail of an account here" name="email" type="email" required />
          <Select label="Role" name="role" defaultValue="viewer">
            <option value="viewer">viewer: looks</option>
            <option value="runner">runner: runs and fine-tunes</option>
            <option value="editor">editor: changes and shares</option>
          </Select>
          <Button type="submit">Let in</Button>
        </form>
      </Card>
    </Shell>
  );
}
