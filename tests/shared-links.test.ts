/** Links: what they show stays as it was, and whoever comes by one reaches that and nothing else. */
import { beforeAll, expect, it, vi } from "vitest";
import { appRouter } from "#server/routers/index";
import { places } from "#server/access/places";
import { actions, may, type Thing } from "#server/access/may";
import { linkHolder } from "#server/links/links";
import { contentOf, type OpenLink, unlock, visit } from "#server/links/visit";
import { hashOf, tokenOf, tokenShape } from "#server/links/token";
import { appendEvents, type ClaimedRun, claimRun, finishRun } from "#server/runs/claim";
import { blobs } from "#server/storage/open";
import type { RunEvent } from "#nodes/graph/events";
import { api, db, withBackend } from "./kit/backend";
import { graph } from "./kit/graphs";

withBackend();

const noCookies = { get: () => undefined };
const everything = { leaveOut: {}, resultFiles: true };
let shown: string;
let upload: string;
let hidden: string;
let version: string;
let run: string;
let graphId: string;

/** A graph with an upload, a path, notes and a note; a finished run of it that shows a picture and made a file. */
beforeAll(async () => {
  const put = (text: string) => blobs().put(new TextEncoder().encode(text));
  [shown, upload, hidden] = [await put("a shown picture"), await put("an upload"), await put("somebody else's")];
  const document = {
    ...graph({
      load: ["image.load", { images: [{ ref: upload, name: "my holiday.png" }] }],
      folder: ["data.folder", { folder: "/home/me/secret" }],
      list: ["output.image-grid", {}],
    }),
    name: "Shared",
    notes: { n: { text: "for me alone", position: { x: 0, y: 0 }, size: { width: 100, height: 100 } } },
  };
  graphId = (await api.graphs.create({ document })).id;
  await api.graphs.nameVersion({ id: graphId, label: "for others" });
  const [named] = await api.graphs.versions({ id: graphId });
  version = named?.id ?? "";
  run = await finishedRun();
});

async function finishedRun(): Promise<string> {
  const { id } = await db.run.create({
    data: {
      graphId,
      versionId: version,
      name: "Shared",
      document: (await api.graphs.version({ id: version })).document as never,
      targets: [],
    },
  });
  const claimed = (await claimRun(db, id)) as ClaimedRun;
  const picture = { ref: shown, width: 4, height: 4, name: "my holiday.png" };
  const events: RunEvent[] = [
    { kind: "metric", node: "trainer", step: 1, values: { loss: 2 } },
    { kind: "metric", node: "trainer", step: 2, values: { loss: 1 } },
    {
      kind: "node-done",
      node: "list",
      cached: false,
      ms: 1,
      previews: { grid: { type: "gallery", images: [picture], captions: ["/home/me/secret/a.png"], count: 1 } },
    },
    {
      kind: "node-done",
      node: "load",
      cached: false,
      ms: 1,
      previews: { image: { type: "image", count: 1, items: [{ ...picture, ref: hidden }] } },
    },
  ];
  await appendEvents(db, claimed, events);
  const result = { status: "done", outputs: {}, ran: ["list"], cached: [], timings: {}, problems: [], warnings: [] };
  await finishRun(db, claimed, [], result as never);
  await db.artifact.create({
    data: { runId: id, node: "save", port: "file", type: "file", ref: hidden, name: "w.bin" },
  });
  return id;
}

async function opened(token: string): Promise<OpenLink> {
  const found = await visit(db, token, noCookies);
  if (found.state !== "open") throw new Error(found.state);
  return found;
}

it("has 256 bits in its address, which the database does not hold", async () => {
  const { id, token } = await api.links.make({ source: { version, run }, ...everything, sites: [] });
  expect(token).toMatch(tokenShape);
  const row = JSON.stringify(await db.link.findUnique({ where: { id } }));
  expect(row).not.toContain(token);
  expect(row).toContain(hashOf(token));
  expect((await api.links.list({ graph: graphId })).find((link) => link.id === id)?.token).toBe(token);
});

it("says before what leaves, and what is left out is in nothing that is shown", async () => {
  const leaves = await api.links.leaves({ source: { version, run }, ...everything });
  expect(leaves.files.map(({ name }) => name)).toEqual(["my holiday.png"]);
  expect(leaves.paths.map(({ text }) => text)).toEqual(["/home/me/secret", "/home/me/secret/a.png"]);
  expect(leaves.notes.map(({ text }) => text)).toEqual(["for me alone"]);
  expect(leaves.names).toEqual(["my holiday.png"]);
  expect(leaves.nodes.map(({ id, isShown }) => [id, isShown])).toEqual([
    ["list", true],
    ["load", true],
    ["trainer", true],
  ]);
  const leaveOut = { files: true, paths: true, notes: true, names: true };
  const { token } = await api.links.make({
    source: { version, run },
    leaveOut,
    resultFiles: false,
    nodes: ["list"],
    sites: [],
  });
  const text = JSON.stringify(await contentOf(db, await opened(token)));
  for (const secret of ["holiday", "/home/me", "for me alone", "w.bin", upload, hidden, graphId, run, version])
    expect(text).not.toContain(secret);
  expect(text).toContain(shown);
});

it("lets a visitor see its link and the blobs that this names, and do nothing else with anything", async () => {
  const { id, token } = await api.links.make({
    source: { version, run },
    leaveOut: {},
    resultFiles: false,
    nodes: ["list"],
    sites: [],
  });
  const { id: other } = await api.links.make({ source: { runs: [run] }, ...everything, sites: [] });
  const { visitor } = await opened(token);
  const ids = [id, other, graphId, run, version, shown, upload, hidden, undefined];
  const kinds: Thing["kind"][] = [...(Object.keys(places) as (keyof typeof places)[]), "installation", "file"];
  const allowed: string[] = [];
  for (const action of actions) {
    for (const kind of kinds) {
      for (const thing of ids) {
        if (await may(db, visitor, action, { kind, id: thing })) allowed.push(`${action} ${kind} ${thing}`);
      }
    }
  }
  expect(allowed.sort()).toEqual([`see file ${shown}`, `see file ${upload}`, `see link ${id}`].sort());
});

it("makes no visitor of anybody who calls procedures: an address is no name for them", async () => {
  const { token } = await api.links.make({ source: { version }, ...everything, sites: [] });
  const { visitor } = await opened(token);
  const caller = appRouter.createCaller({ db, actor: visitor });
  await expect(caller.links.list({ graph: graphId })).rejects.toThrow();
  await expect(caller.links.list({})).rejects.toThrow();
  await expect(caller.links.make({ source: { version }, ...everything, sites: [] })).rejects.toThrow();
  await expect(caller.links.leaves({ source: { version }, ...everything })).rejects.toThrow();
});

it("shows what was frozen, whatever becomes of the run, the version and the draft", async () => {
  const gone = await finishedRun();
  const { id, token } = await api.links.make({ source: { version, run: gone }, ...everything, sites: [] });
  const before = await contentOf(db, await opened(token));
  await api.runs.remark({ ids: [gone], note: "not for others", tags: ["private"] });
  await api.runs.remove({ id: gone });
  await api.graphs.renameVersion({ id: version, label: "another name" });
  expect(await contentOf(db, await opened(token))).toEqual(before);
  const row = await db.link.findUniqueOrThrow({ where: { id } });
  expect([row.visits, row.lastVisitAt !== null]).toEqual([2, true]);
  await api.graphs.renameVersion({ id: version, label: "for others" });
});

it("is of a version with a name and of runs that have ended", async () => {
  const draft = await api.graphs.create({ document: graph({ t: ["text.input", { text: "t" }] }) });
  await db.graphVersion.create({ data: { graphId: draft.id, number: 1, document: {} } });
  const [unnamed] = await api.graphs.versions({ id: draft.id });
  const make = (source: { version: string; run?: string } | { runs: string[] }) =>
    api.links.make({ source, ...everything, sites: [] });
  await expect(make({ version: unnamed?.id ?? "" })).rejects.toThrow("This version has no name");
  const going = await api.runs.create({ document: graph({ t: ["text.input", { text: "t" }] }) });
  await expect(make({ runs: [going.id] })).rejects.toThrow("This run goes on");
  await expect(make({ version, run: going.id })).rejects.toThrow();
});

it("is closed when it is taken back, and nothing of it is left", async () => {
  const { id, token } = await api.links.make({ source: { version, run }, ...everything, sites: [] });
  const { visitor } = await opened(token);
  await api.links.revoke({ id });
  expect(await visit(db, token, noCookies)).toEqual({ state: "closed" });
  expect(await may(db, visitor, "see", { kind: "file", id: shown })).toBe(false);
  const row = await db.link.findUniqueOrThrow({ where: { id } });
  expect([row.content, row.refs]).toEqual([{}, []]);
  await expect(api.links.revoke({ id })).rejects.toThrow("does not exist");
});

it("is closed when its time is over, and while its graph is deleted", async () => {
  const { id, token } = await api.links.make({ source: { version }, ...everything, days: 1, sites: [] });
  const { visitor } = await opened(token);
  await api.graphs.remove({ id: graphId });
  expect(await visit(db, token, noCookies)).toEqual({ state: "closed" });
  await api.graphs.restore({ id: graphId });
  await opened(token);
  await db.link.update({ where: { id }, data: { expiresAt: new Date(Date.now() - 1) } });
  expect(await visit(db, token, noCookies)).toEqual({ state: "closed" });
  expect(await may(db, visitor, "see", { kind: "link", id })).toBe(false);
});

it("does not tell an address that never was from one that is closed", async () => {
  for (const token of [tokenOf("another"), "", "a".repeat(43), "../../graphs", "%00"])
    expect(await visit(db, token, noCookies)).toEqual({ state: "closed" });
});

it("asks for its password, keeps it as scrypt makes it, and lets it be tried only so often", async () => {
  const { id, token } = await api.links.make({
    source: { version },
    ...everything,
    password: "a längliche One",
    sites: [],
  });
  expect(await visit(db, token, noCookies)).toEqual({ state: "locked", id });
  const { password } = await db.link.findUniqueOrThrow({ where: { id } });
  expect(password).not.toContain("One");
  expect(await unlock(db, id, "a längliche one")).toBeUndefined();
  const right = await unlock(db, id, "a la\u0308ngliche One");
  const mark = (right as { mark: string }).mark;
  const cookies = (value: string) => ({ get: () => ({ value }) });
  expect((await visit(db, token, cookies(mark))).state).toBe("open");
  expect((await visit(db, token, cookies(mark.replace(/.$/, "!")))).state).toBe("locked");
  for (let i = 0; i < 6; i++) await unlock(db, id, "guess");
  expect(await unlock(db, id, "a längliche One")).toMatchObject({ wait: expect.any(Number) });
  expect((await visit(db, token, cookies(mark))).state).toBe("open");
});

it("holds what it shows until it is taken back", async () => {
  const hold = vi.spyOn(blobs(), "hold");
  const release = vi.spyOn(blobs(), "release");
  const { id } = await api.links.make({
    source: { runs: [run] },
    leaveOut: {},
    resultFiles: true,
    nodes: ["list"],
    sites: [],
  });
  expect(hold).toHaveBeenCalledWith(linkHolder(id), expect.arrayContaining([shown, hidden]));
  await api.links.revoke({ id });
  expect(release).toHaveBeenCalledWith(linkHolder(id));
});

it("takes origins as sites that may frame it, and nothing that would open a policy", async () => {
  const make = (site: string) => api.links.make({ source: { version }, ...everything, sites: [site] });
  const { id } = await make("Blog.Example.org");
  expect((await db.link.findUniqueOrThrow({ where: { id } })).sites).toEqual(["https://blog.example.org"]);
  for (const site of [
    "*",
    "https://*.example.org",
    "a.org; script-src *",
    "javascript:alert(1)",
    "https://a.org/path",
    "'self'",
  ])
    await expect(make(site)).rejects.toThrow("is no address of a site");
});

it("has another end, password and sites while its address stays, and what was not named stays as it was", async () => {
  const { id, token } = await api.links.make({ source: { version }, ...everything, days: 1, sites: ["a.example"] });
  const row = () => db.link.findUniqueOrThrow({ where: { id } });
  const before = await row();
  await api.links.change({ id, sites: ["b.example", "https://c.example"] });
  expect((await row()).sites).toEqual(["https://b.example", "https://c.example"]);
  expect((await row()).expiresAt).toEqual(before.expiresAt);

  const cookies = (value: string) => ({ get: () => ({ value }) });
  await api.links.change({ id, password: "first one" });
  const { mark } = (await unlock(db, id, "first one")) as { mark: string };
  expect((await visit(db, token, cookies(mark))).state).toBe("open");
  await api.links.change({ id, password: "another one" });
  expect((await visit(db, token, cookies(mark))).state).toBe("locked");
  await api.links.change({ id, password: null });
  expect((await visit(db, token, noCookies)).state).toBe("open");

  await db.link.update({ where: { id }, data: { expiresAt: new Date(Date.now() - 1000) } });
  expect((await visit(db, token, noCookies)).state).toBe("closed");
  await api.links.change({ id, days: 7 });
  expect((await visit(db, token, noCookies)).state).toBe("open");
  await api.links.change({ id, days: null });
  expect(await row()).toMatchObject({ expiresAt: null, content: before.content, tokenHash: before.tokenHash });

  await expect(api.links.change({ id, sites: ["*"] })).rejects.toThrow("is no address of a site");
  await expect(api.links.change({ id, password: "abc" })).rejects.toThrow("at least 4 letters");
  await api.links.revoke({ id });
  await expect(api.links.change({ id, days: 7 })).rejects.toMatchObject({ code: "NOT_FOUND" });
});

it("does not show a file that a graph only names, and whoever shares may not read", async () => {
  const ann = { name: "ann", email: "ann@example.org", emailVerified: true };
  const { id: userId } = await db.user.create({ data: ann });
  const { id: teamId } = await db.team.create({ data: { name: "Vision" } });
  await db.membership.create({ data: { teamId, userId, role: "owner" } });
  const named = { ...graph({ load: ["image.load", { images: [{ ref: hidden, name: "a.png" }] }] }), name: "Forged" };
  const { id } = await db.graph.create({ data: { name: "Forged", document: named, teamId, userId } });
  const actor = { kind: "user", ...ann, id: userId, isAdministrator: false, sessionId: "" } as const;
  const caller = appRouter.createCaller({ db, actor });
  await caller.graphs.nameVersion({ id, label: "one" });
  const [first] = await caller.graphs.versions({ id });
  const source = { version: first?.id ?? "" };
  const asked = { source, resultFiles: false, sites: [] };
  await expect(caller.links.make({ ...asked, leaveOut: {} })).rejects.toThrow("no longer in this installation's store");
  await expect(caller.links.make({ ...asked, leaveOut: { files: true } })).resolves.toBeDefined();
});
