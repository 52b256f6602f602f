/**
 * What is taken away ends at once, what is too much is refused wherever it comes in, and what is changed is written
 * down.
 */
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { addAccount } from "#server/access/accounts";
import { type Actor, actorOf } from "#server/access/actor";
import { readAudit } from "#server/access/audit";
import { may } from "#server/access/may";
import { grantGraph, removeMember } from "#server/access/teams";
import { createToken, revokeToken } from "#server/access/tokens";
import type { Role } from "#server/access/who";
import { packBundle } from "#server/bundles/pack";
import { answerApi } from "#server/api/app";
import { appRouter } from "#server/routers/index";
import { blobs } from "#server/storage/open";
import { POST as uploadRoute } from "../app/api/uploads/route";
import { POST as bundleRoute } from "../app/api/bundles/route";
import { db, withBackend } from "./kit/backend";
import { graph } from "./kit/graphs";

process.env.PATCHBAY_ACCOUNTS = "1";
process.env.PATCHBAY_KEY = Buffer.alloc(32, 7).toString("base64");
withBackend();

const document = graph({ text: ["text.input", { text: "hello" }] });
let userId: string;
let team: string;
let graphId: string;

beforeAll(async () => {
  await addAccount({ name: "root", email: "root@example.org", password: "0123456789" });
  userId = await addAccount({ name: "ann", email: "ann@example.org", password: "0123456789" });
  ({ id: team } = await db.team.create({ data: { name: "Vision" } }));
});

beforeEach(async () => {
  for (const name of ["UPLOADS_PER_USER", "UPLOADS_PER_TEAM", "RUNS_PER_USER", "RUNS_PER_TEAM"])
    delete process.env[`PATCHBAY_${name}`];
  await db.membership.upsert({
    where: { teamId_userId: { teamId: team, userId } },
    create: { teamId: team, userId, role: "editor" },
    update: { role: "editor" },
  });
  await db.user.update({ where: { id: userId }, data: { workingTeamId: team } });
  ({ id: graphId } = await db.graph.create({ data: { name: "g", document, teamId: team, userId } }));
  await db.graphVersion.create({ data: { graphId, number: 1, label: "v", document } });
});

const newToken = async () => createToken(db, { name: "program", scope: "write", userId, teamId: team });

async function ask(token: string, method: string, path: string, body?: BodyInit, type = "application/json") {
  const headers = { authorization: `Bearer ${token}`, ...(body ? { "content-type": type } : {}) };
  return answerApi(new Request(`http://localhost/api/v1${path}`, { method, headers, body }));
}

/** What came of something that goes on, within seconds. */
async function endOf(stream: Promise<unknown>): Promise<unknown> {
  const patience = new Promise((_, reject) => setTimeout(() => reject(new Error("it went on")), 10_000).unref());
  return Promise.race([stream.catch((error: Error) => error), patience]);
}

async function readAll(events: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of events);
}

describe("a role for one graph", () => {
  const mayChange = () => may(db, member, "change", { kind: "graph", id: graphId });
  const setRole = (role: Role) => db.membership.updateMany({ where: { teamId: team, userId }, data: { role } });
  let member: Actor;
  beforeEach(async () => {
    member = await actorOf(new Headers({ authorization: `Bearer ${(await newToken()).text}` }));
  });

  it("stands in the place of the team's, be it less or more", async () => {
    expect(await mayChange()).toBe(true);
    await grantGraph(db, graphId, "ann@example.org", "runner");
    expect(await mayChange()).toBe(false);
    expect(await may(db, member, "run", { kind: "graph", id: graphId })).toBe(true);
    await grantGraph(db, graphId, "ann@example.org", null);
    await setRole("viewer");
    expect(await mayChange()).toBe(false);
    await grantGraph(db, graphId, "ann@example.org", "editor");
    expect(await mayChange()).toBe(true);
  });

  it("takes nothing from an owner of the team", async () => {
    await setRole("owner");
    await grantGraph(db, graphId, "ann@example.org", "viewer");
    expect(await mayChange()).toBe(true);
  });
});

describe("what somebody watches", () => {
  it("ends when they are taken out of the team", async () => {
    const session = await db.session.create({
      data: { userId, token: String(Math.random()), expiresAt: new Date(Date.now() + 60_000) },
    });
    const facts = { id: userId, name: "ann", email: "ann@example.org", isAdministrator: false, sessionId: session.id };
    const caller = appRouter.createCaller({ db, actor: { kind: "user", ...facts } });
    const owner = await db.user.findFirstOrThrow({ where: { email: "root@example.org" } });
    await db.membership.createMany({ data: [{ teamId: team, userId: owner.id, role: "owner" }], skipDuplicates: true });
    const run = await db.run.create({ data: { name: "r", document, graphId, teamId: team, status: "running" } });
    const window = { id: "w", since: 0, agent: "test" };
    const watched = endOf(readAll((await caller.graphs.watch({ id: graphId, window })) as AsyncIterable<unknown>));
    const told = endOf(readAll((await caller.runs.events({ id: run.id })) as AsyncIterable<unknown>));
    await new Promise((done) => setTimeout(done, 500));
    await removeMember(db, team, userId);
    expect(String(await watched)).toContain("does not exist");
    expect(String(await told)).toContain("does not exist");
  });

  it("ends when their session ends", async () => {
    const session = await db.session.create({
      data: { userId, token: String(Math.random()), expiresAt: new Date(Date.now() + 60_000) },
    });
    const facts = { id: userId, name: "ann", email: "ann@example.org", isAdministrator: false, sessionId: session.id };
    const caller = appRouter.createCaller({ db, actor: { kind: "user", ...facts } });
    const window = { id: "w", since: 0, agent: "test" };
    const watched = endOf(readAll((await caller.graphs.watch({ id: graphId, window })) as AsyncIterable<unknown>));
    await new Promise((done) => setTimeout(done, 500));
    await db.session.delete({ where: { id: session.id } });
    expect(String(await watched)).toContain("has ended");
  });

  it("ends when the token ends, in the API as well", async () => {
    const run = await db.run.create({ data: { name: "r", document, graphId, teamId: team, status: "running" } });
    const { id, text } = await newToken();
    const answer = await ask(text, "GET", `/runs/${run.id}/events`);
    expect(answer.status).toBe(200);
    const reading = answer.text();
    const waiting = ask(text, "GET", `/runs/${run.id}?wait=4`);
    await new Promise((done) => setTimeout(done, 500));
    await revokeToken(db, id, { userId });
    expect(await endOf(reading)).toContain("retry:");
    expect((await ask(text, "GET", `/runs/${run.id}`)).status).toBe(401);
    expect((await waiting).status).toBe(401);
  });
});

describe.each(["TEAM", "USER"])("uploads beyond what may be had, for each %s", (whose) => {
  const large = Buffer.alloc(3000, 7);
  beforeEach(async () => {
    await db.upload.deleteMany();
    process.env[`PATCHBAY_UPLOADS_PER_${whose}`] = "2k";
  });

  it("are refused as files of the API, in a form, in the browser and in a bundle, and leave nothing", async () => {
    const { text } = await newToken();
    const headers = { authorization: `Bearer ${text}` };
    const form = new FormData();
    form.set("text.text", new File([large], "a.bin"));
    const bundle = await bundled(large);
    const answers = await Promise.all([
      ask(text, "POST", "/files", large, "application/octet-stream"),
      answerApi(new Request(`http://localhost/api/v1/graphs/${graphId}/runs`, { method: "POST", headers, body: form })),
      uploadRoute(new Request("http://localhost/api/uploads", { method: "POST", headers, body: large })),
      bundleRoute(new Request("http://localhost/api/bundles", { method: "POST", headers, body: bundle })),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([413, 413, 413, 413]);
    for (const answer of [answers[0], answers[2], answers[3]])
      expect(await answer?.text()).toContain("MiB of uploads more");
    expect(await db.upload.count()).toBe(0);
    expect(await db.graph.count({ where: { name: "packed" } })).toBe(0);
  });

  it("are counted together, whichever way they came, and once", async () => {
    const { text } = await newToken();
    const send = async (bytes: Uint8Array<ArrayBuffer>) =>
      (await ask(text, "POST", "/files", bytes, "application/octet-stream")).status;
    const first = new Uint8Array(1500).fill(1);
    expect(await send(first)).toBe(201);
    expect(await send(new Uint8Array(1500).fill(2))).toBe(413);
    expect(await send(new Uint8Array(400).fill(3))).toBe(201);
  });
});

/** A graph with one file, as a bundle. */
async function bundled(bytes: Uint8Array<ArrayBuffer>): Promise<Blob> {
  const ref = await blobs().put(bytes);
  const packed = { ...graph({ load: ["image.load", { images: [{ ref, name: "a.png" }] }] }), name: "packed" };
  const about = { title: "packed", text: "", tags: [], licence: "" };
  const bundle = await packBundle({ document: packed, about }, blobs());
  const parts: BlobPart[] = [];
  for await (const part of bundle.stream()) parts.push(Uint8Array.from(part));
  return new Blob(parts);
}

describe("runs beyond what somebody may have at once", () => {
  it.each(["USER", "TEAM"])("are refused with when to come again, for each %s", async (whose) => {
    process.env[`PATCHBAY_RUNS_PER_${whose}`] = "1";
    await db.run.updateMany({ data: { status: "done" } });
    const { text } = await newToken();
    expect((await ask(text, "POST", `/graphs/${graphId}/runs`, "{}")).status).toBe(202);
    const refused = await ask(text, "POST", `/graphs/${graphId}/runs`, "{}");
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "10"]);
    const caller = appRouter.createCaller({
      db,
      actor: await actorOf(new Headers({ authorization: `Bearer ${text}` })),
    });
    await expect(caller.runs.create({ graphId, document })).rejects.toMatchObject({ code: "TOO_MANY_REQUESTS" });
  });
});

describe("a run", () => {
  it("is stopped by a token that runs where it is its owner's, and by one that changes whosever it is", async () => {
    await db.run.updateMany({ data: { status: "done" } });
    const other = await db.user.findFirstOrThrow({ where: { email: "root@example.org" } });
    const waits = { name: "waits", document, graphId, teamId: team };
    const runOf = async (whose: string) => (await db.run.create({ data: { ...waits, userId: whose } })).id;
    const tokenFor = async (scope: "read" | "run" | "write") =>
      (await createToken(db, { name: scope, scope, userId, teamId: team })).text;
    const [reads, runs, writes] = await Promise.all([tokenFor("read"), tokenFor("run"), tokenFor("write")]);
    const [own, theirs] = [await runOf(userId), await runOf(other.id)];
    const stop = async (token: string, run: string) => (await ask(token, "DELETE", `/runs/${run}`)).status;
    expect([await stop(reads, own), await stop(runs, theirs)]).toEqual([403, 403]);
    expect(await db.run.count({ where: { id: { in: [own, theirs] }, status: "queued" } })).toBe(2);
    expect([await stop(runs, own), await stop(writes, theirs)]).toEqual([202, 202]);
    expect(await db.run.count({ where: { id: { in: [own, theirs] }, status: "cancelled" } })).toBe(2);
  });
});

describe("what a program changes", () => {
  it("is written down with its token, and what it reads is not", async () => {
    await db.auditEntry.deleteMany();
    await db.run.updateMany({ data: { status: "done" } });
    const { id, text } = await newToken();
    await ask(text, "GET", `/graphs/${graphId}`);
    await ask(text, "POST", "/files", new Uint8Array(5), "application/octet-stream");
    const started = (await (await ask(text, "POST", `/graphs/${graphId}/runs`, "{}")).json()) as { id: string };
    await ask(text, "DELETE", `/runs/${started.id}`);
    await ask(text, "DELETE", "/runs/00000000-0000-4000-8000-000000000000");
    const lines = await db.auditEntry.findMany({ orderBy: { id: "asc" } });
    expect(lines.map(({ action }) => action)).toEqual(["api.sendFile", "api.runGraph", "api.cancelRun"]);
    expect(lines[1]).toMatchObject({ tokenId: id, actor: "token “program”", userId, detail: { id: graphId } });
  });

  it("is written down with what it made, which nobody named", async () => {
    await db.auditEntry.deleteMany();
    const { text } = await newToken();
    const actor = await actorOf(new Headers({ authorization: `Bearer ${text}` }));
    const { id } = await appRouter.createCaller({ db, actor }).graphs.create({ document, team });
    const [line] = await db.auditEntry.findMany();
    expect(line).toMatchObject({ action: "graphs.create", detail: { team, made: id } });
    const { lines, names } = await readAudit(db);
    expect(lines).toHaveLength(1);
    expect([names[team], names[id]]).toEqual(["Vision", document.name]);
  });
});
