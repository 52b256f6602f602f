import "server-only";
import * as z from "zod";
import { scopes, userOf } from "../access/actor";
import { signUp } from "../access/accounts";
import { invitationOf } from "../access/invitations";
import { must, NotSignedIn } from "../access/may";
import { canMail } from "../access/mail";
import { accessSettings } from "../access/settings";
import { teamsOf } from "../access/teams";
import { createToken, listTokens, revokeToken } from "../access/tokens";
import { workingTeam } from "../access/working-team";
import type { Db } from "../db";
import { env } from "../env";
import { notFound, procedure, router } from "./trpc";

const id = z.uuid();
const invitation = z.string().max(100).optional();

/** One's own account. A token acts for somebody, and is not them: it sees nothing of this. */
const own = procedure.use(({ ctx, next }) => {
  const { actor } = ctx;
  if (actor.kind !== "user" && actor.kind !== "local") throw new NotSignedIn(signInFirst);
  return next({ ctx: { ...ctx, userId: userOf(actor) } });
});
const signInFirst = { message: "Nobody is signed in.", hint: "Sign in first." };

export const account = router({
  /** Who is signed in; what everybody may ask. */
  me: procedure.query(async ({ ctx }) => {
    const { actor } = ctx;
    if (actor.kind !== "user") return { kind: actor.kind } as const;
    const { kind, name, email, isAdministrator } = actor;
    const teams = await teamsOf(ctx.db, actor.id);
    return { kind, id: actor.id, name, email, isAdministrator, teams, team: await workingTeam(ctx.db, actor) };
  }),

  /** What the page that people sign in on offers. */
  welcome: procedure.input(z.object({ invitation })).query(async ({ ctx, input }) => {
    const { github, oidc, signUp: who } = accessSettings();
    const invited = input.invitation ? await invitationOf(ctx.db, input.invitation) : null;
    return {
      accounts: env().accounts,
      isFirst: !(await ctx.db.user.count()),
      anyone: who === "anyone",
      invitation: invited && { email: invited.email, team: invited.team?.name },
      github: github !== undefined,
      oidc: oidc?.name,
      mails: canMail(),
    };
  }),

  signUp: procedure
    .input(
      z.object({
        name: z.string().trim().min(1).max(100),
        email: z.email().max(200),
        password: z.string().min(10, "a password has at least 10 letters").max(128),
        invitation,
      }),
    )
    .mutation(async ({ ctx, input: { invitation: token, ...wanted } }) => {
      if (!env().accounts) throw notFound("Signing up");
      await signUp(ctx.db, wanted, token);
    }),

  /** From now on new things are this team's. */
  workIn: own.input(z.object({ team: id })).mutation(async ({ ctx, input }) => {
    await must(ctx.db, ctx.actor, "see", { kind: "team", id: input.team });
    if (ctx.userId === null) return;
    await ctx.db.user.update({ where: { id: ctx.userId }, data: { workingTeamId: input.team } });
  }),

  sessions: own.query(async ({ ctx }) => {
    const here = ctx.actor.kind === "user" ? ctx.actor.sessionId : "";
    return sessionsOf(ctx.db, ctx.userId, here);
  }),
  endSession: own.input(z.object({ id })).mutation(async ({ ctx, input }) => {
    if (ctx.userId === null) throw notFound("This session");
    const { count } = await ctx.db.session.deleteMany({ where: { id: input.id, userId: ctx.userId } });
    if (!count) throw notFound("This session");
  }),

  tokens: own.query(({ ctx }) => listTokens(ctx.db, { userId: ctx.userId })),
  createToken: own
    .input(
      z.object({
        name: z.string().trim().min(1).max(100),
        scope: z.enum(scopes),
        team: id.optional(),
        graph: id.optional(),
        days: z.int().min(1).max(3650).optional(),
      }),
    )
    .mutation(async ({ ctx, input: { name, scope, team, graph, days } }) => {
      if (team) await must(ctx.db, ctx.actor, "see", { kind: "team", id: team });
      if (graph) await must(ctx.db, ctx.actor, "see", { kind: "graph", id: graph });
      const expiresAt = days ? new Date(Date.now() + days * 86_400_000) : null;
      return createToken(ctx.db, { name, scope, userId: ctx.userId, teamId: team, graphId: graph, expiresAt });
    }),
  revokeToken: own.input(z.object({ id })).mutation(async ({ ctx, input }) => {
    if (!(await revokeToken(ctx.db, input.id, { userId: ctx.userId }))) throw notFound("This token");
  }),
});

async function sessionsOf(db: Db, userId: string | null, here: string) {
  if (userId === null) return [];
  const sessions = await db.session.findMany({
    where: { userId, expiresAt: { gt: new Date() } },
    orderBy: { updatedAt: "desc" },
    select: { id: true, createdAt: true, updatedAt: true, ipAddress: true, userAgent: true },
  });
  return sessions.map((session) => ({ ...session, isThis: session.id === here }));
}
