import "server-only";
import * as z from "zod";
import { secretName } from "#nodes/core/secret-name";
import { type Actor, roles, userOf } from "../access/actor";
import { readAudit } from "../access/audit";
import { invite, takeBackInvitation } from "../access/invitations";
import { must } from "../access/may";
import { listSecrets, removeSecret, setSecret } from "../access/secrets";
import { createTeam, graphRoles, grantGraph, readTeam, removeMember, setRole } from "../access/teams";
import { listTokens, revokeToken } from "../access/tokens";
import { workingTeam } from "../access/working-team";
import type { Db } from "../db";
import { ownerOfRun } from "../runs/create";
import { notFound, procedure, router } from "./trpc";

const id = z.uuid();
const email = z.email().max(200);
const role = z.enum(roles);
const name = z.string().trim().min(1).max(100);

export const teams = router({
  get: procedure.input(z.object({ id })).query(async ({ ctx, input }) => {
    await must(ctx.db, ctx.actor, "see", { kind: "team", id: input.id });
    return readTeam(ctx.db, input.id);
  }),
  create: procedure.input(z.object({ name })).mutation(async ({ ctx, input }) => {
    await mustBePerson(ctx);
    return createTeam(ctx.db, ctx.actor, input.name);
  }),
  rename: procedure.input(z.object({ team: id, name })).mutation(async ({ ctx, input }) => {
    await must(ctx.db, ctx.actor, "manage", { kind: "team", id: input.team });
    await ctx.db.team.update({ where: { id: input.team }, data: { name: input.name } });
  }),

  /** Lets somebody in; gives the path of the invitation where they have no account yet. */
  invite: procedure.input(z.object({ team: id, email, role })).mutation(async ({ ctx, input }) => {
    await must(ctx.db, ctx.actor, "manage", { kind: "team", id: input.team });
    const { team: teamId, ...who } = input;
    return invite(ctx.db, { ...who, teamId, invitedBy: userOf(ctx.actor) });
  }),
  takeBack: procedure.input(z.object({ team: id, id })).mutation(async ({ ctx, input }) => {
    await must(ctx.db, ctx.actor, "manage", { kind: "team", id: input.team });
    await takeBackInvitation(ctx.db, input.team, input.id);
  }),
  setRole: procedure.input(z.object({ team: id, user: id, role })).mutation(async ({ ctx, input }) => {
    await must(ctx.db, ctx.actor, "manage", { kind: "team", id: input.team });
    await setRole(ctx.db, input.team, input.user, input.role);
  }),
  /** Takes somebody out; anybody may go by themselves. */
  removeMember: procedure.input(z.object({ team: id, user: id })).mutation(async ({ ctx, input }) => {
    const isOneself = ctx.actor.kind === "user" && ctx.actor.id === input.user;
    await must(ctx.db, ctx.actor, isOneself ? "see" : "manage", { kind: "team", id: input.team });
    await removeMember(ctx.db, input.team, input.user);
  }),

  /** Who has a role of their own for a graph. */
  graphRoles: procedure.input(z.object({ graph: id })).query(async ({ ctx, input }) => {
    await must(ctx.db, ctx.actor, "share", { kind: "graph", id: input.graph });
    return graphRoles(ctx.db, input.graph);
  }),
  grant: procedure
    .input(z.object({ graph: id, email, role: role.exclude(["owner"]).nullable() }))
    .mutation(async ({ ctx, input }) => {
      await must(ctx.db, ctx.actor, "share", { kind: "graph", id: input.graph });
      await grantGraph(ctx.db, input.graph, input.email, input.role);
    }),

  /** Tokens that were made for the team or for a graph of it, whoever made them. */
  tokens: procedure.input(z.object({ team: id })).query(async ({ ctx, input }) => {
    await must(ctx.db, ctx.actor, "manage", { kind: "team", id: input.team });
    return listTokens(ctx.db, input);
  }),
  revokeToken: procedure.input(z.object({ team: id, id })).mutation(async ({ ctx, input }) => {
    await must(ctx.db, ctx.actor, "manage", { kind: "team", id: input.team });
    if (!(await revokeToken(ctx.db, input.id, { team: input.team }))) throw notFound("This token");
  }),

  /** The names of a team's secrets, for whoever may run its graphs: never their texts. */
  secrets: procedure.input(z.object({ team: id.optional(), graph: id.optional() })).query(async ({ ctx, input }) => {
    const team = input.team ?? (await ownerOfRun(ctx.db, ctx.actor, input.graph)).teamId;
    await must(ctx.db, ctx.actor, "run", { kind: "team", id: team });
    return listSecrets(ctx.db, team);
  }),
  setSecret: procedure
    .input(z.object({ team: id.optional(), name: secretName, text: z.string().min(1).max(8192) }))
    .mutation(async ({ ctx, input: { team, ...secret } }) => {
      const teamId = team ?? (await workingTeam(ctx.db, ctx.actor));
      await must(ctx.db, ctx.actor, "manage", { kind: "team", id: teamId });
      await setSecret(ctx.db, { ...secret, teamId });
    }),
  removeSecret: procedure.input(z.object({ id })).mutation(async ({ ctx, input }) => {
    await must(ctx.db, ctx.actor, "manage", { kind: "secret", id: input.id });
    if (!(await removeSecret(ctx.db, input.id))) throw notFound("This secret");
  }),

  /** What changed access or data, the newest first. */
  audit: procedure
    .input(
      z.object({
        before: z
          .string()
          .regex(/^\d{1,18}$/)
          .optional(),
      }),
    )
    .query(async ({ ctx, input }) => {
      await must(ctx.db, ctx.actor, "operate", { kind: "installation" });
      return readAudit(ctx.db, input.before);
    }),
});

/** Whoever has an account may make a team; a token may not. */
async function mustBePerson({ db, actor }: { db: Db; actor: Actor }): Promise<void> {
  await must(db, actor, actor.kind === "token" ? "manage" : "see", { kind: "installation" });
}
