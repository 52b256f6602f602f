import { beforeAll, describe, expect, it } from "vitest";
import { db, withBackend } from "#tests/kit/backend";
import { graph } from "#tests/kit/graphs";
import type { Actor } from "./who";
import { bringFiles, mayReach, recordFiles } from "./files";
import { may } from "./may";
import { settleIn } from "./sign-up";
import { actorOfToken, createToken, listTokens } from "./tokens";
import { visible } from "./visible";

withBackend();

type User = Extract<Actor, { kind: "user" }>;

async function newUser(name: string): Promise<User> {
  const user = { name, email: `${name}@example.org`, emailVerified: true };
  const { id } = await db.user.create({ data: user });
  await settleIn(db, { ...user, id });
  return { kind: "user", id, name, email: user.email, isAdministrator: false, sessionId: "" };
}

const document = graph({ t: ["text.input", { text: "t" }] });
const fileNamed = (ref: string) => graph({ images: ["data.images", { files: [{ ref, name: "a.png" }] }] });
const hash = (digit: string): string => digit.repeat(64);

let ann: User;
let ben: User;
let cyd: User;
let team: string;
let graphId: string;

beforeAll(async () => {
  [ann, ben, cyd] = [await newUser("ann"), await newUser("ben"), await newUser("cyd")];
  const created = await db.team.create({ data: { name: "Vision" } });
  team = created.id;
  await db.membership.create({ data: { teamId: team, userId: ann.id, role: "owner" } });
  await db.membership.create({ data: { teamId: team, userId: ben.id, role: "runner" } });
  ({ id: graphId } = await db.graph.create({ data: { name: "g", document, teamId: team, userId: ann.id } }));
});

describe("what somebody may do", () => {
  it("follows from their role in the team of the thing", async () => {
    const thing = { kind: "graph", id: graphId } as const;
    expect(await may(db, ann, "manage", thing)).toBe(true);
    expect(await may(db, ben, "run", thing)).toBe(true);
    expect(await may(db, ben, "change", thing)).toBe(false);
    expect(await may(db, cyd, "see", thing)).toBe(false);
    expect(await may(db, { kind: "stranger" }, "see", thing)).toBe(false);
    expect(await may(db, { kind: "local" }, "operate", { kind: "installation" })).toBe(true);
  });

  it("is more with a role for one graph, and for that graph only", async () => {
    const other = await db.graph.create({ data: { name: "other", document, teamId: team } });
    await db.graphGrant.create({ data: { graphId, userId: cyd.id, role: "viewer" } });
    expect(await may(db, cyd, "see", { kind: "graph", id: graphId })).toBe(true);
    expect(await may(db, cyd, "run", { kind: "graph", id: graphId })).toBe(false);
    expect(await may(db, cyd, "see", { kind: "graph", id: other.id })).toBe(false);
    const seen = await db.graph.findMany({ where: visible(cyd).graph, select: { id: true } });
    expect(seen.map(({ id }) => id)).toEqual([graphId]);
    await db.graphGrant.deleteMany();
  });

  it("lets a runner delete what they ran, and nobody else's", async () => {
    const runs = await Promise.all(
      [ann, ben].map(({ id }) =>
        db.run.create({ data: { name: "r", document, graphId, teamId: team, userId: id }, select: { id: true } }),
      ),
    );
    const allowed = await Promise.all(runs.map(({ id }) => may(db, ben, "change", { kind: "run", id })));
    expect(allowed).toEqual([false, true]);
  });
});

describe("a token", () => {
  it("is known by its text alone, which is stored nowhere", async () => {
    const { text } = await createToken(db, { name: "t", scope: "read", userId: ann.id });
    expect(Buffer.from(text.slice(3), "base64url")).toHaveLength(32);
    expect(JSON.stringify(await db.apiToken.findMany())).not.toContain(text);
    const facts = async () => (await listTokens(db, { userId: ann.id })).find(({ ending }) => text.endsWith(ending));
    expect(await facts()).toMatchObject({ name: "t", lastUsedAt: null });
    expect(await actorOfToken(db, text)).toMatchObject({ kind: "token", userId: ann.id, scope: "read" });
    expect((await facts())?.lastUsedAt).toBeInstanceOf(Date);
    expect(await actorOfToken(db, `${text.slice(0, -1)}${text.endsWith("A") ? "B" : "A"}`)).toBeUndefined();
  });

  it("goes no further than its scope, its graph and its owner", async () => {
    const actor = async (token: object, userId = ann.id) =>
      (await actorOfToken(db, (await createToken(db, { name: "t", scope: "run", userId, ...token })).text)) as Actor;
    const thing = { kind: "graph", id: graphId } as const;
    expect(await may(db, await actor({}), "run", thing)).toBe(true);
    expect(await may(db, await actor({}), "change", thing)).toBe(false);
    expect(await may(db, await actor({ scope: "write" }), "change", thing)).toBe(true);
    expect(await may(db, await actor({ scope: "write" }), "manage", thing)).toBe(false);
    expect(await may(db, await actor({ scope: "write" }, ben.id), "change", thing)).toBe(false);
    const other = await db.graph.create({ data: { name: "other", document, teamId: team } });
    expect(await may(db, await actor({ graphId }), "run", thing)).toBe(true);
    expect(await may(db, await actor({ graphId }), "see", { kind: "graph", id: other.id })).toBe(false);
  });

  it("is nobody's once it has expired", async () => {
    const { text } = await createToken(db, { name: "t", scope: "read", userId: ann.id, expiresAt: new Date(1) });
    expect(await actorOfToken(db, text)).toBeUndefined();
  });
});

describe("a file of the store", () => {
  it("is for whoever may see something that names it", async () => {
    const ref = hash("a");
    await recordFiles(db, { teamId: team, userId: ann.id }, [{ ref, bytes: 1, name: "a.png" }]);
    expect(await mayReach(db, ben, ref)).toBe(true);
    expect(await mayReach(db, cyd, ref)).toBe(false);
    const named = await db.graph.create({ data: { name: "n", document: fileNamed(ref), teamId: team } });
    await db.graphGrant.create({ data: { graphId: named.id, userId: cyd.id, role: "viewer" } });
    expect(await mayReach(db, cyd, ref)).toBe(true);
    await db.graph.update({ where: { id: named.id }, data: { document } });
    expect(await mayReach(db, cyd, ref)).toBe(false);
  });

  it("is not reached by writing its name into a graph of one's own", async () => {
    const ref = hash("b");
    await recordFiles(db, { teamId: team, userId: ann.id }, [{ ref, bytes: 1, name: "b.png" }]);
    const own = (await db.membership.findFirstOrThrow({ where: { userId: cyd.id } })).teamId;
    await bringFiles(db, cyd, own, fileNamed(ref));
    await db.graph.create({ data: { name: "forged", document: fileNamed(ref), teamId: own, userId: cyd.id } });
    expect(await mayReach(db, cyd, ref)).toBe(false);
  });

  it("goes along to another team with a graph that is copied by somebody who sees both", async () => {
    const ref = hash("c");
    await recordFiles(db, { teamId: team, userId: ann.id }, [{ ref, bytes: 7, name: "c.png" }]);
    const own = (await db.membership.findFirstOrThrow({ where: { userId: ann.id, teamId: { not: team } } })).teamId;
    await bringFiles(db, ann, own, fileNamed(ref));
    expect(await db.upload.findMany({ where: { ref, teamId: own } })).toMatchObject([{ bytes: 7n, name: "c.png" }]);
  });

  it("is for those who see a run that gave it, whatever names it there", async () => {
    const run = await db.run.create({ data: { name: "r", document, graphId, teamId: team } });
    const data = { kind: "node-done", previews: { image: { refs: [{ ref: hash("d") }] } } };
    await db.runEvent.create({ data: { runId: run.id, attempt: 1, data } });
    await db.run.update({ where: { id: run.id }, data: { result: { outputs: { n: { p: { ref: hash("e") } } } } } });
    const artifact = { runId: run.id, node: "n", port: "p", type: "weights", ref: hash("f"), name: "f" };
    await db.artifact.create({ data: artifact });
    for (const ref of [hash("d"), hash("e"), hash("f")]) {
      expect(await mayReach(db, ben, ref)).toBe(true);
      expect(await mayReach(db, cyd, ref)).toBe(false);
    }
  });
});
