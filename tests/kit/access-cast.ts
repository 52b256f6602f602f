/** A team, everybody who may ask something of it, and things of it to ask for: what tests of access have in common. */
import { auth } from "#server/access/auth";
import { addAccount } from "#server/access/accounts";
import { recordFiles } from "#server/access/files";
import { createToken } from "#server/access/tokens";
import { hashOfToken } from "#server/access/tokens";
import { blobs } from "#server/storage/open";
import { db } from "./backend";
import { graph } from "./graphs";

/** Whoever asks, by what they are to the team. */
export const cast = [
  "owner",
  "editor",
  "runner",
  "viewer",
  "member of another team",
  "administrator",
  "token that reads",
  "token that runs",
  "token that writes",
  "token of another graph",
  "stranger",
] as const;
export type Who = (typeof cast)[number];

/** Stands in everything that is the team's, so that it is seen where it comes out. */
export const marker = "only-the-team-knows";

const noForm = { groups: [], outputs: [] };
const password = "correct horse battery";
const headersOf = new Map<Who, Headers>();
const ids = new Map<Who, string>();
export let team: string;

/** What a request of theirs has in its head: a session, a token, or nothing. */
export const headersFor = (who: Who): Headers => new Headers(headersOf.get(who));
export const userId = (who: Who): string => ids.get(who) ?? "";

/** Makes the team and everybody. The first account is the administrator's. */
export async function gatherCast(): Promise<void> {
  for (const who of ["administrator", "owner", "editor", "runner", "viewer", "member of another team"] as const) {
    const email = `${who.replaceAll(" ", "-")}@example.org`;
    ids.set(who, await addAccount({ name: who, email, password }));
    headersOf.set(who, await signedIn(email));
  }
  ({ id: team } = await db.team.create({ data: { name: marker } }));
  for (const role of ["owner", "editor", "runner", "viewer"] as const)
    await db.membership.create({ data: { teamId: team, userId: userId(role), role } });
  await db.user.updateMany({ data: { workingTeamId: team } });
  const elsewhere = await newGraph();
  const scopes = { "token that reads": "read", "token that runs": "run", "token that writes": "write" } as const;
  for (const [who, scope] of Object.entries(scopes)) headersOf.set(who as Who, await bearer({ scope, teamId: team }));
  headersOf.set("token of another graph", await bearer({ scope: "write", graphId: elsewhere }));
  headersOf.set("stranger", new Headers({ authorization: "Bearer pb_none" }));
}

async function bearer(token: { scope: "read" | "run" | "write"; teamId?: string; graphId?: string }): Promise<Headers> {
  const { text } = await createToken(db, { name: "t", userId: userId("owner"), ...token });
  return new Headers({ authorization: `Bearer ${text}` });
}

async function signedIn(email: string): Promise<Headers> {
  const answer = await auth().api.signInEmail({ body: { email, password }, asResponse: true });
  const cookies = answer.headers.getSetCookie().map((cookie) => cookie.split(";")[0]);
  return new Headers({ cookie: cookies.join("; ") });
}

export const document = { ...graph({ text: ["text.input", { text: marker }] }), name: marker };

async function newGraph(): Promise<string> {
  const data = { name: marker, document, teamId: team, userId: userId("owner") };
  return (await db.graph.create({ data, select: { id: true } })).id;
}

let untouched: Things | undefined;

/**
 * Things of the team for a question that may change or end them. Who is refused changes nothing, so that they are new
 * only behind a question of somebody who was let in.
 */
export async function thingsFor(who: { mayAsk: boolean }): Promise<Things> {
  const things = untouched ?? (await newThings());
  untouched = who.mayAsk ? undefined : things;
  return things;
}

async function newThings() {
  await db.user.updateMany({ data: { workingTeamId: team } });
  const graphId = await newGraph();
  // Nobody's, for what somebody ran themselves is theirs to delete, whatever their role.
  const owned = { name: marker, document, teamId: team, graphId };
  const version = { graphId, number: 1, label: marker, document };
  const { id: versionId } = await db.graphVersion.create({ data: version });
  const sweepSpec = { mode: "grid", axes: [], count: 1, seed: 0, metric: { node: "text", port: "text", goal: "max" } };
  const result = { outputs: { text: { text: { type: "text", value: [marker] } } }, ran: [], cached: [], timings: {} };
  const sweep = await db.sweep.create({ data: { ...owned, spec: sweepSpec } });
  await db.run.create({ data: { ...owned, sweepId: sweep.id, number: 1, status: "done" } });
  const [run, waiting, composite, other] = await Promise.all([
    db.run.create({ data: { ...owned, versionId, status: "done", result, finishedAt: new Date() } }),
    db.run.create({ data: { ...owned, status: "queued" } }),
    db.savedComposite.create({ data: { title: marker, content: {}, teamId: team } }),
    db.user.create({ data: { name: "guest", email: `${graphId}@example.org` } }),
  ]);
  const ref = await blobs().put(new TextEncoder().encode(`${marker} ${graphId}`));
  await recordFiles(db, { teamId: team, userId: null }, [{ ref, bytes: 1, name: marker }]);
  await db.membership.create({ data: { teamId: team, userId: other.id, role: "viewer" } });
  const secret = await db.secret.create({ data: { teamId: team, name: `s-${graphId}`, sealed: "" } });
  const invitation = await db.invitation.create({
    data: { email: other.email, teamId: team, hash: hashOfToken(graphId), expiresAt: new Date(Date.now() + 60_000) },
  });
  const link = await db.link.create({
    data: { ...{ teamId: team, graphId, kind: "version", title: marker }, tokenHash: graphId, content: {}, refs: [] },
  });
  const app = await db.app.create({ data: { graphId, title: marker, version: 1, document, form: noForm } });
  const template = await db.template.create({
    data: {
      graphId,
      teamId: team,
      newest: 1,
      versions: { create: { number: 1, title: marker, document, form: noForm, needs: {}, files: [] } },
    },
  });
  await db.runEvent.create({ data: { runId: run.id, attempt: 1, data: { kind: "status", status: "done" } } });
  return {
    team,
    graph: graphId,
    version: versionId,
    run: run.id,
    waiting: waiting.id,
    sweep: sweep.id,
    composite: composite.id,
    secret: secret.id,
    invitation: invitation.id,
    link: link.id,
    app: app.id,
    template: template.id,
    guest: other.id,
    guestEmail: other.email,
    ref,
  };
}
export type Things = Awaited<ReturnType<typeof newThings>>;
