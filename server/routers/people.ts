import "server-only";
import * as z from "zod";
import { listPeople, setAdministrator } from "../access/people";
import { removeAccount } from "../access/accounts";
import { must } from "../access/may";
import { listTokens, revokeToken } from "../access/tokens";
import { notFound, procedure, router } from "./trpc";

const id = z.uuid();

/** Everything here is for those who run the installation. */
const operating = procedure.use(async ({ ctx, next }) => {
  await must(ctx.db, ctx.actor, "operate", { kind: "installation" });
  return next();
});

export const people = router({
  list: operating.query(({ ctx }) => listPeople(ctx.db)),

  setAdministrator: operating
    .input(z.object({ user: id, isAdministrator: z.boolean() }))
    .mutation(({ ctx, input }) => setAdministrator(ctx.db, input.user, input.isAdministrator)),

  /** Ends all that somebody came in by: sessions and tokens. */
  signOut: operating.input(z.object({ user: id })).mutation(async ({ ctx, input: { user: userId } }) => {
    await ctx.db.session.deleteMany({ where: { userId } });
    await ctx.db.apiToken.deleteMany({ where: { userId } });
  }),

  remove: operating
    .input(z.object({ email: z.email().max(200) }))
    .mutation(({ ctx, input }) => removeAccount(ctx.db, input.email)),

  /** Tokens, whoever made them. */
  tokens: operating.query(({ ctx }) => listTokens(ctx.db, "all")),
  revokeToken: operating.input(z.object({ id })).mutation(async ({ ctx, input }) => {
    if (!(await revokeToken(ctx.db, input.id, "all"))) throw notFound("This token");
  }),
});
