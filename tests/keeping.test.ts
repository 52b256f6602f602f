import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, describe, expect, it } from "vitest";
import type { GraphDocument } from "#nodes/graph/document";
import { setName, setParam, setPin } from "#nodes/graph/edits";
import { type GraphNews, watchGraph } from "#server/graphs/news";
import { Listener } from "#server/jobs/notify";
import { releaseUnpinned } from "#server/runs/remove";
import { holdersIn } from "#server/storage/blobs";
import { blobs } from "#server/storage/open";
import { pinHolder } from "#server/storage/pinned";
import { api, database, db, withBackend } from "./kit/backend";
import { sql } from "./kit/database";
import { graph } from "./kit/graphs";

const hello = graph({ text: ["text.input", { text: "hello" }] });
const say = (text: string): GraphDocument => setParam(hello, "text", "text", text);
let id: string;

withBackend();
beforeEach(async () => {
  id = (await api.graphs.create({ document: hello })).id;
});

const ageVersions = (hours: number) =>
  sql(database.url, `update "GraphVersion" set "createdAt" = "createdAt" - interval '${hours} hours'`);
const versions = () => api.graphs.versions({ id });
const documentOf = async (version: { id: string } | undefined) =>
  (await api.graphs.version({ id: version?.id ?? "" })).document;

describe("versions", () => {
  it("keep the state before changes, one for each hour of them", async () => {
    await api.graphs.save({ id, revision: 1, document: say("a") });
    await api.graphs.save({ id, revision: 2, document: say("b") });
    expect((await versions()).map(({ number }) => number)).toEqual([1]);
    expect(await documentOf((await versions())[0])).toEqual(hello);
    await ageVersions(2);
    await api.graphs.save({ id, revision: 3, document: say("c") });
    const [second] = await versions();
    expect(second?.number).toBe(2);
    expect(await documentOf(second)).toEqual(say("b"));
  });

  it("keep what was run, with the run", async () => {
    const run = await api.runs.create({ graphId: id, document: hello });
    expect(await versions()).toMatchObject([{ number: 1, label: "", run: { id: run.id } }]);
  });

  it("get names, which may be changed and taken back", async () => {
    expect(await api.graphs.nameVersion({ id, label: "  first light " })).toMatchObject({ number: 1 });
    expect(await api.graphs.nameVersion({ id, label: "another name" })).toMatchObject({ number: 2 });
    const [second, first] = await versions();
    expect([second?.label, first?.label]).toEqual(["another name", "first light"]);
    await api.graphs.renameVersion({ id: second?.id ?? "", label: "" });
    expect((await versions())[0]?.label).toBe("");
    await expect(api.graphs.nameVersion({ id, label: " " })).rejects.toThrow();
  });

  it("are gone back to after what is there now was kept, and so nothing is lost", async () => {
    await api.graphs.nameVersion({ id, label: "start" });
    await api.graphs.save({ id, revision: 1, document: setName(say("later"), "Later") });
    const [start] = await versions();
    const { kept } = await api.graphs.restoreVersion({ id: start?.id ?? "" });
    const now = await api.graphs.get({ id });
    expect(now).toMatchObject({ revision: 3, document: hello });
    const [before] = await versions();
    expect(before).toMatchObject({ number: kept, label: "Before going back to version 1" });
    expect(await documentOf(before)).toEqual(setName(say("later"), "Later"));
  });

  it("without a name and a run are forgotten beyond two hundred", async () => {
    const rows = Array.from({ length: 230 }, (_, i) => ({
      graphId: id,
      number: i + 1,
      label: i === 3 ? "kept" : "",
      document: say(String(i)),
    }));
    await db.graphVersion.createMany({ data: rows });
    await ageVersions(2);
    await api.graphs.save({ id, revision: 1, document: say("new") });
    const left = await versions();
    expect(left).toHaveLength(201);
    expect(left.at(-1)).toMatchObject({ number: 4, label: "kept" });
  });
});

describe("saving", () => {
  it("twice is one save, and on another's revision it is a conflict: nothing is overwritten", async () => {
    await api.graphs.save({ id, revision: 1, document: say("a"), window: "w1" });
    expect(await api.graphs.save({ id, revision: 1, document: say("a"), window: "w1" })).toEqual({ revision: 2 });
    await expect(api.graphs.save({ id, revision: 1, document: say("b"), window: "w2" })).rejects.toMatchObject({
      code: "CONFLICT",
    });
    expect((await api.graphs.get({ id })).document).toEqual(say("a"));
  });
});

describe("windows that show a graph", () => {
  /** A window that listens, with what it hears. */
  function open(name: string) {
    const listener = new Listener(() => database.url);
    const ending = new AbortController();
    const heard: GraphNews[] = [];
    const window = { id: name, since: Date.now(), agent: "a test" };
    const done = (async () => {
      for await (const news of watchGraph(db, listener, { graph: id, window, signal: ending.signal })) heard.push(news);
    })();
    const close = async () => {
      ending.abort();
      await done;
      await listener.close();
    };
    const others = () => heard.findLast((news) => news.kind === "windows")?.windows.map((each) => each.id);
    return { heard, others, close };
  }
  async function until(isTrue: () => boolean): Promise<void> {
    for (let i = 0; i < 200 && !isTrue(); i++) await sleep(25);
    expect(isTrue()).toBe(true);
  }

  it("hear of each other, of saves, and of who went", async () => {
    const one = open("one");
    await until(() => one.heard.length > 0);
    const two = open("two");
    await until(() => one.others()?.join() === "two" && two.others()?.join() === "one");
    await api.graphs.save({ id, revision: 1, document: say("x"), window: "two" });
    await until(() => one.heard.some((news) => news.kind === "saved" && news.revision === 2 && news.window === "two"));
    await two.close();
    await until(() => one.others()?.length === 0);
    await one.close();
  });

  it("that come later hear which revision is stored", async () => {
    await api.graphs.save({ id, revision: 1, document: say("x") });
    const late = open("late");
    await until(() => late.heard.some((news) => news.kind === "saved" && news.revision === 2));
    await late.close();
  });
});

describe("pinned results", () => {
  const ref = "c".repeat(64);
  const pin = { at: "2026-11-01T10:00:00.000Z", ref, bytes: 1, params: {}, outputs: {} };
  const pinned = setPin(hello, "text", pin);

  it("go with a copy, and not with what is made of a template", async () => {
    const source = await api.graphs.create({ document: pinned });
    const copied = async () => {
      const copy = await api.graphs.create({ from: source.id });
      return (await api.graphs.get({ id: copy.id })).document.nodes.text;
    };
    expect(await copied()).toHaveProperty("pin");
    await api.graphs.nameVersion({ id: source.id, label: "pinned" });
    const [version] = await api.graphs.versions({ id: source.id });
    const wish = { version: version?.id ?? "", about: { title: "Pinned" }, visibility: "team" } as const;
    const made = await api.templates.use({ id: (await api.templates.publish(wish)).id });
    expect((await api.graphs.get(made)).document.nodes.text).not.toHaveProperty("pin");
    expect((await api.graphs.get({ id: source.id })).document.nodes.text).toHaveProperty("pin");
  });

  it("are held while a graph, a version or a run names them, and let go of a while after", async () => {
    const value = await blobs().put(new Uint8Array(100).fill(7), { durable: false });
    await blobs().hold(pinHolder(ref), [value]);
    await api.graphs.save({ id, revision: 1, document: pinned });
    expect(await releaseUnpinned(db, 0)).not.toContain(ref);
    await api.graphs.nameVersion({ id, label: "pinned" });
    await sql(database.url, `delete from "Graph" where id <> '${id}'`);
    await api.graphs.save({ id, revision: 2, document: hello });
    expect(await releaseUnpinned(db, 0)).not.toContain(ref);
    await sql(database.url, `delete from "GraphVersion" where "graphId" = '${id}'`);
    expect(await releaseUnpinned(db)).not.toContain(ref);
    expect(await releaseUnpinned(db, 0)).toContain(ref);
    expect(await holdersIn(blobs().root)).not.toContain(pinHolder(ref));
  });
});
