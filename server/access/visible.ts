/** What somebody may see, for lists: the same rule as `may` has for one thing, as conditions of a query. */
import { Prisma } from "../../prisma/generated/client";
import { type Actor, userOf } from "./who";

export interface Visible {
  graph: Prisma.GraphWhereInput;
  run: Prisma.RunWhereInput;
  sweep: Prisma.SweepWhereInput;
  composite: Prisma.SavedCompositeWhereInput;
  upload: Prisma.UploadWhereInput;
  template: Prisma.TemplateWhereInput;
  team: Prisma.TeamWhereInput;
}

/** Conditions on each kind of row: `where: { deletedAt: null, ...visible(actor).graph }`; they use `AND` only. */
export function visible(actor: Actor): Visible {
  if (actor.kind === "local")
    return { graph: {}, run: {}, sweep: {}, composite: {}, upload: {}, template: {}, team: {} };
  if (actor.kind === "stranger" || actor.kind === "visitor") return nothing;
  const userId = userOf(actor);
  // A token of the local person's sees all, as far as it goes.
  const team: Prisma.TeamWhereInput = userId === null ? {} : { memberships: { some: { userId } } };
  const granted: Prisma.GraphWhereInput = userId === null ? {} : { grants: { some: { userId } } };
  const all: Visible = {
    graph: { AND: [{ OR: [{ team }, granted] }] },
    run: { AND: [{ OR: [{ team }, { graph: { is: granted } }] }] },
    sweep: { AND: [{ OR: [{ team }, { graph: { is: granted } }] }] },
    composite: { AND: [{ team }] },
    upload: { AND: [{ team }] },
    template: { AND: [{ OR: [{ visibility: "everyone" }, { team }] }] },
    team: { AND: [team] },
  };
  return actor.kind === "token" ? within(actor, all) : all;
}

const none = { AND: [{ id: { in: [] } }] };
const nothing: Visible = {
  graph: none,
  run: none,
  sweep: none,
  composite: none,
  upload: none,
  template: none,
  team: none,
};

/** A token that is one graph's or one team's sees no other. */
function within({ teamId, graphId }: Extract<Actor, { kind: "token" }>, all: Visible): Visible {
  if (graphId !== null) {
    const ofGraph = { AND: [{ graphId }] };
    return {
      ...nothing,
      graph: { AND: [all.graph, { id: graphId }] },
      run: { AND: [all.run, ofGraph] },
      sweep: { AND: [all.sweep, ofGraph] },
    };
  }
  if (teamId === null) return all;
  return {
    graph: { AND: [all.graph, { teamId }] },
    run: { AND: [all.run, { teamId }] },
    sweep: { AND: [all.sweep, { teamId }] },
    composite: { AND: [all.composite, { teamId }] },
    upload: { AND: [all.upload, { teamId }] },
    template: { AND: [all.template, { teamId }] },
    team: { AND: [all.team, { id: teamId }] },
  };
}

/** The same for runs in SQL: a condition on "Run" as r. */
export function visibleRuns(actor: Actor): Prisma.Sql {
  if (actor.kind === "local") return Prisma.sql`true`;
  if (actor.kind === "stranger" || actor.kind === "visitor") return Prisma.sql`false`;
  const userId = userOf(actor);
  const parts = [
    userId === null
      ? Prisma.sql`true`
      : Prisma.sql`(exists (select 1 from "Membership" m where m."teamId" = r."teamId" and m."userId" = ${userId}::uuid)
          or exists (select 1 from "GraphGrant" g where g."graphId" = r."graphId" and g."userId" = ${userId}::uuid))`,
  ];
  if (actor.kind === "token" && actor.teamId !== null) parts.push(Prisma.sql`r."teamId" = ${actor.teamId}::uuid`);
  if (actor.kind === "token" && actor.graphId !== null) parts.push(Prisma.sql`r."graphId" = ${actor.graphId}::uuid`);
  return Prisma.join(parts, " and ");
}
