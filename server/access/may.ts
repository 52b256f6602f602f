import { isDeepStrictEqual } from "node:util";
import type { GraphDocument } from "#nodes/graph/document";
import type { Db } from "../db";
import { Failure } from "../errors";
import { notFound } from "../not-found";
import { visitorMay } from "../links/visit";
import { type Actor, type Member, type Role, roles, type Scope, userOf } from "./who";
import { mayReach } from "./files";
import { type Place, places } from "./places";
import { workingTeam } from "./working-team";

/**
 * What can be done: `see` shows a thing and its files, `run` runs or trains it, `change` edits or deletes it, `share`
 * lets others in (links, templates, apps, webhooks), `manage` decides who belongs to it, `operate` is the
 * installation's own business (accounts, disk, registries).
 */
export const actions = ["see", "run", "change", "share", "manage", "operate"] as const;
export type Action = (typeof actions)[number];

/** What it is done to. A thing without an id is one that is about to be made, or all that there are of its kind. */
export interface Thing {
  kind: "installation" | "file" | keyof typeof places;
  id?: string;
  /** Whose a thing will be that is about to be made; by default the team that its maker works in. */
  team?: string;
}

/** The least role for each action. */
const needed: Record<Action, Role | undefined> = {
  see: "viewer",
  run: "runner",
  change: "editor",
  share: "editor",
  manage: "owner",
  operate: undefined,
};

/** As whom a token acts at most. */
const scopeRole: Record<Scope, Role> = { read: "viewer", run: "runner", write: "editor" };
const tokenActions: readonly Action[] = ["see", "run", "change"];

/** The one place that decides. */
export async function may(db: Db, actor: Actor, action: Action, thing: Thing): Promise<boolean> {
  if (actor.kind === "local") return true;
  if (actor.kind === "stranger") return false;
  if (actor.kind === "visitor") return visitorMay(db, actor, action, thing);
  if (actor.kind === "token" && !tokenActions.includes(action)) return false;
  if (thing.kind === "installation") return mayHere(actor, action);
  if (thing.kind === "file" && thing.id !== undefined) return action === "see" && mayReach(db, actor, thing.id);
  // Whoever is known may look at a list; it has what they may see.
  if (action === "see" && thing.id === undefined && thing.team === undefined) return true;
  const place = await placeOf(db, actor, thing);
  const least = needed[action];
  if (!place || !least) return false;
  if (place.everyone && action === "see" && reachesAll(actor)) return true;
  const role = await roleAt(db, actor, place);
  if (!role) return false;
  if (includes(role, least)) return true;
  // What somebody ran is theirs to stop, to remark on and to delete: the local person's too, whom tokens act for.
  const isOwn = place.userId === userOf(actor);
  return (thing.kind === "run" || thing.kind === "sweep") && action === "change" && isOwn && includes(role, "runner");
}

/** Throws where it may not be done: as if it were not there where it may not even be seen. */
export async function must(db: Db, actor: Actor, action: Action, thing: Thing): Promise<void> {
  if (await may(db, actor, action, thing)) return;
  throw await refusalOf(db, actor, action, thing);
}

/** The same for several things of a kind: all of them, or none. */
export async function mustEach(db: Db, actor: Actor, action: Action, kind: Thing["kind"], ids: readonly string[]) {
  if (actor.kind === "local") return;
  for (const id of ids) await must(db, actor, action, { kind, id });
}

/** Nobody is known to ask. */
export class NotSignedIn extends Failure {}
/** Whoever asks may not do it, but may know of it. */
export class Forbidden extends Failure {}

async function refusalOf(db: Db, actor: Actor, action: Action, thing: Thing): Promise<Error> {
  if (actor.kind === "stranger") return new NotSignedIn(signIn);
  const isAboutOne = thing.kind !== "installation" && thing.id !== undefined;
  if (isAboutOne && (action === "see" || !(await may(db, actor, "see", thing)))) return notFound(`This ${thing.kind}`);
  return new Forbidden(refusedTo(actor, action, thing));
}

const signIn = { message: "Nobody is signed in, or the token is not known.", hint: "Sign in, or send a valid token." };

const words: Record<Action, string> = {
  see: "see",
  run: "run",
  change: "change",
  share: "share",
  manage: "decide who belongs to",
  operate: "operate",
};

function refusedTo(actor: Actor, action: Action, { kind, id }: Thing): { message: string; hint: string } {
  if (kind === "installation")
    return { message: "Only an administrator may do this.", hint: "Ask whoever runs this installation." };
  const what = id === undefined ? `make a ${kind} in this team` : `${words[action]} this ${kind}`;
  if (actor.kind === "token")
    return { message: `This token may not ${what}.`, hint: "Use one with a wider scope, or sign in." };
  return { message: `You may not ${what}.`, hint: "Ask one of its owners for another role." };
}

/** Whether somebody is bound to no single team or graph. */
const reachesAll = (actor: Extract<Actor, { kind: "user" | "token" }>): boolean =>
  actor.kind === "user" || (actor.teamId === null && actor.graphId === null);

/** What is the whole installation's: everybody with an account sees its settings, and administrators operate it. */
function mayHere(actor: Member, action: Action): boolean {
  if (action === "see") return actor.kind === "user" || actor.graphId === null;
  return actor.kind === "user" && actor.isAdministrator;
}

async function placeOf(db: Db, actor: Actor, thing: Thing): Promise<Place | null> {
  const { kind, id, team } = thing;
  if (kind === "installation") return null;
  if (id !== undefined) return kind === "file" ? null : places[kind](db, id);
  return { teamId: team ?? (await workingTeam(db, actor)), userId: userOf(actor) };
}

/** As whom somebody acts at a place: no more than a token's. */
async function roleAt(db: Db, actor: Member, { teamId, graphId }: Place): Promise<Role | undefined> {
  const userId = userOf(actor);
  const own = userId === null ? ("owner" as const) : await roleOfUser(db, userId, teamId, graphId);
  if (actor.kind === "user" || !own) return own;
  if (actor.teamId !== null && actor.teamId !== teamId) return undefined;
  if (actor.graphId !== null && actor.graphId !== graphId) return undefined;
  const most = scopeRole[actor.scope];
  return includes(own, most) ? most : own;
}

/** A role for a graph stands in the place of the team's, be it more or less; an owner of the team stays one. */
async function roleOfUser(db: Db, userId: string, teamId: string, graphId: string | null | undefined) {
  const [membership, grant] = await Promise.all([
    db.membership.findUnique({ where: { teamId_userId: { teamId, userId } }, select: { role: true } }),
    graphId
      ? db.graphGrant.findUnique({ where: { graphId_userId: { graphId, userId } }, select: { role: true } })
      : null,
  ]);
  return membership?.role === "owner" ? membership.role : (grant ?? membership)?.role;
}

/** Whether a role includes another one. */
function includes(role: Role, least: Role): boolean {
  return roles.indexOf(role) <= roles.indexOf(least);
}

/**
 * Throws where a graph may not be run as it is sent. Who may run a graph but not change it sets its parameters, and
 * adds no node or wire: otherwise they, or a token of theirs, could run anything.
 */
export async function mustRun(db: Db, actor: Actor, graphId: string | undefined, document: GraphDocument) {
  await must(db, actor, "run", { kind: graphId === undefined ? "run" : "graph", id: graphId });
  if (graphId === undefined || (await may(db, actor, "change", { kind: "graph", id: graphId }))) return;
  const graph = await db.graph.findUnique({ where: { id: graphId }, select: { document: true } });
  if (graph && isWiredAs(graph.document as unknown as GraphDocument, document)) return;
  throw new Forbidden(otherWiring);
}

const otherWiring = {
  message: "You may run this graph with other parameters, but not with other nodes or wires.",
  hint: "Reload the page to have it as it is stored, or make a copy of your own.",
};

/** Throws where a run may not be run again: it asks for what running its graph does. */
export async function mustRunAgain(db: Db, actor: Actor, id: string): Promise<void> {
  await must(db, actor, "run", { kind: "run", id });
}

function isWiredAs(stored: GraphDocument, sent: GraphDocument): boolean {
  return isDeepStrictEqual(wiringOf(stored), wiringOf(sent));
}

function wiringOf({ nodes, wires, composites = {} }: GraphDocument): object {
  const levels = Object.entries(composites).map(([id, inner]) => [id, wiringOfLevel(inner.nodes, inner.wires)]);
  return { ...wiringOfLevel(nodes, wires), composites: Object.fromEntries(levels) };
}

function wiringOfLevel(nodes: GraphDocument["nodes"], wires: GraphDocument["wires"]): object {
  return {
    nodes: Object.fromEntries(Object.entries(nodes).map(([id, { type }]) => [id, type])),
    wires: wires.map(({ from, to }) => `${from.node}.${from.port} -> ${to.node}.${to.port}`).sort(),
  };
}
