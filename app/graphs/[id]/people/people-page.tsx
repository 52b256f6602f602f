"use client";

import { useMutation, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import type { FormEvent } from "react";
import { useTRPC } from "../../../_trpc/client";
import { Button } from "../../../_ui/button";
import { Card } from "../../../_ui/card";
import { Shell } from "../../../_ui/shell";
import { Field, FieldRow, Line, Nothing, SelectField, valuesOf } from "../../../account/fields";
import { useTold } from "../../../account/use-told";

/** Who may do what with one graph, beside those of its team. */
export function PeoplePage({ id, name, team }: { id: string; name: string; team: { id: string; name: string } }) {
  const trpc = useTRPC();
  const { data: people = [] } = useQuery(trpc.teams.graphRoles.queryOptions({ graph: id }));
  const grant = useMutation(trpc.teams.grant.mutationOptions(useTold()));
  const add = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const { email = "", role = "viewer" } = valuesOf(form);
    grant.mutate({ graph: id, email, role: role as "viewer" }, { onSuccess: () => form.reset() });
  };
  return (
    <Shell here="start">
      <h1 className="text-xl font-semibold wrap-anywhere">
        Who may see{" "}
        <Link className="hover:text-accent hover:underline" href={`/graphs/${id}`}>
          {name}
        </Link>
      </h1>
      <p className="text-ink-2">
        It belongs to the team{" "}
        <Link className="underline" href={`/teams/${team.id}`}>
          {team.name}
        </Link>
        , whose members may do with it what their role says.
      </p>
      <Card title="For this graph alone" note="A role here stands in the place of the team's, be it more or less.">
        {!people.length && <Nothing>Nobody has another role here than in the team.</Nothing>}
        <ul>
          {people.map((person) => (
            <Line
              key={person.id}
              facts={`${person.email} · ${person.role}`}
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
              {person.name}
            </Line>
          ))}
        </ul>
        <FieldRow onSubmit={add}>
          <Field label="E-mail of an account here" name="email" type="email" required />
          <SelectField label="Role" name="role" defaultValue="viewer">
            <option value="viewer">viewer: looks</option>
            <option value="runner">runner: runs and fine-tunes</option>
            <option value="editor">editor: changes and shares</option>
          </SelectField>
          <Button type="submit">Let in</Button>
        </FieldRow>
      </Card>
    </Shell>
  );
}
