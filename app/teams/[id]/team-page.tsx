"use client";

import { useMutation, useQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { type FormEvent, useState } from "react";
import { type Outputs, useTRPC } from "../../_trpc/client";
import { Button } from "../../_ui/button";
import { Card } from "../../_ui/card";
import { Copied } from "../../_ui/copied";
import { ConfirmDialog } from "../../_ui/confirm-dialog";
import { Shell } from "../../_ui/shell";
import { Field, FieldRow, Line, Select, SelectField, valuesOf } from "../../account/fields";
import { SecretsCard } from "../../account/secrets-card";
import { TokenLines } from "../../account/token-lines";
import { useTold } from "../../account/use-told";
import { addressHere } from "../../_ui/path-here";
import { dayText } from "../../_ui/times";

type Team = Outputs["teams"]["get"];
type Member = Team["members"][number];
type Role = Member["role"];

export const roleTexts: Record<Role, string> = {
  owner: "owner: decides who belongs here",
  editor: "editor: changes and shares graphs",
  runner: "runner: runs and fine-tunes",
  viewer: "viewer: looks",
};

/** Who is in a team, as what; who was invited; and the team's secrets. */
export function TeamPage({ id, manages, runs }: { id: string; manages: boolean; runs: boolean }) {
  const { data: team } = useQuery(useTRPC().teams.get.queryOptions({ id }));
  if (!team) return <Shell here="account">{null}</Shell>;
  return (
    <Shell here="account">
      <TeamName team={team} manages={manages} />
      <Members team={team} manages={manages} />
      {manages && <Invitations team={team} />}
      {runs && <SecretsCard team={id} mayChange={manages} />}
      {manages && <TeamTokens team={id} />}
    </Shell>
  );
}

function TeamName({ team, manages }: { team: Team; manages: boolean }) {
  const rename = useMutation(useTRPC().teams.rename.mutationOptions(useTold()));
  const [isEdited, setEdited] = useState(false);
  const send = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const { name = "" } = valuesOf(event.currentTarget);
    rename.mutate({ team: team.id, name }, { onSuccess: () => setEdited(false) });
  };
  if (isEdited)
    return (
      <form className="flex items-end gap-2" onSubmit={send}>
        <Field label="Name of the team" name="name" defaultValue={team.name} required maxLength={100} autoFocus />
        <Button type="submit">Rename</Button>
      </form>
    );
  return (
    <div className="flex items-center gap-3">
      <h1 className="text-xl font-semibold">{team.name}</h1>
      {manages && (
        <Button size="s" look="quiet" onClick={() => setEdited(true)}>
          Rename
        </Button>
      )}
    </div>
  );
}

/** Tokens that were made for this team or a graph of it; an owner ends them, whoever made them. */
function TeamTokens({ team }: { team: string }) {
  const trpc = useTRPC();
  const { data: tokens = [] } = useQuery(trpc.teams.tokens.queryOptions({ team }));
  const revoke = useMutation(trpc.teams.revokeToken.mutationOptions(useTold()));
  if (!tokens.length) return null;
  return (
    <Card title="API tokens" note="Made for this team, or for a graph of it.">
      <TokenLines tokens={tokens} showsOwner onRevoke={(id) => revoke.mutate({ team, id })} />
    </Card>
  );
}

function Members({ team, manages }: { team: Team; manages: boolean }) {
  const trpc = useTRPC();
  const { data: me } = useQuery(trpc.account.me.queryOptions());
  const router = useRouter();
  const setRole = useMutation(trpc.teams.setRole.mutationOptions(useTold()));
  const remove = useMutation(trpc.teams.removeMember.mutationOptions(useTold()));
  const myId = me?.kind === "user" ? me.id : undefined;
  const [parting, setParting] = useState<Pick<Member, "id" | "name">>();
  const part = (user: string) =>
    remove.mutate({ team: team.id, user }, { onSuccess: () => (user === myId ? router.push("/account") : undefined) });
  const leave = !team.isPersonal && myId && (
    <Button onClick={() => setParting({ id: myId, name: "" })}>Leave this team</Button>
  );
  return (
    <Card title="Members" actions={leave}>
      {parting && (
        <ConfirmDialog
          title={parting.name ? `Take ${parting.name} out of ${team.name}?` : `Leave ${team.name}?`}
          confirm={parting.name ? "Take out" : "Leave"}
          onConfirm={() => part(parting.id)}
          onClose={() => setParting(undefined)}
        >
          Its graphs, runs and files can no longer be seen, and tokens for them end. What was made stays with the team;
          only an owner can invite anew.
        </ConfirmDialog>
      )}
      <ul>
        {team.members.map(({ id, name, email, role }) => (
          <Line
            key={id}
            facts={manages && id !== myId ? email : `${email} · ${role}`}
            actions={
              manages &&
              id !== myId && (
                <>
                  <RoleSelect
                    label={`Role of ${name}`}
                    value={role}
                    onChange={(chosen) => setRole.mutate({ team: team.id, user: id, role: chosen })}
                  />
                  <Button size="s" look="danger" onClick={() => setParting({ id, name })}>
                    Take out
                  </Button>
                </>
              )
            }
          >
            {name}
          </Line>
        ))}
      </ul>
    </Card>
  );
}

function RoleSelect({ label, value, onChange }: { label: string; value: Role; onChange(role: Role): void }) {
  return (
    <Select label={label} value={value} onChange={(event) => onChange(event.target.value as Role)}>
      <RoleOptions />
    </Select>
  );
}

function RoleOptions() {
  return Object.entries(roleTexts).map(([role, text]) => (
    <option key={role} value={role}>
      {text}
    </option>
  ));
}

function Invitations({ team }: { team: Team }) {
  const trpc = useTRPC();
  const [path, setPath] = useState<string>();
  const invite = useMutation(trpc.teams.invite.mutationOptions(useTold((made) => setPath(made.path))));
  const takeBack = useMutation(trpc.teams.takeBack.mutationOptions(useTold()));
  const add = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const { email = "", role = "editor" } = valuesOf(form);
    invite.mutate({ team: team.id, email, role: role as Role }, { onSuccess: () => form.reset() });
  };
  return (
    <Card
      title="Invitations"
      note="Whoever was invited makes an account by the address that you send, and is in the team."
    >
      <ul>
        {team.invitations.map(({ id, email, role, expiresAt }) => (
          <Line
            key={id}
            facts={`${role} · until ${dayText(expiresAt)}`}
            actions={
              <Button size="s" look="danger" onClick={() => takeBack.mutate({ team: team.id, id })}>
                Take back
              </Button>
            }
          >
            {email}
          </Line>
        ))}
      </ul>
      <FieldRow onSubmit={add}>
        <Field label="E-mail" name="email" type="email" required placeholder="somebody@example.org" />
        <SelectField label="Role" name="role" defaultValue="editor">
          <RoleOptions />
        </SelectField>
        <Button type="submit">Invite</Button>
      </FieldRow>
      {path && (
        <div className="mt-4 rounded-lg border border-line bg-sunken p-3" role="status" data-invitation>
          <Copied
            label="Send them this address, which is good for a week and for one account"
            text={addressHere(path)}
          />
        </div>
      )}
    </Card>
  );
}
