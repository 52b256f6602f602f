import { describe, expect, it } from "vitest";
import type { GraphDocument } from "#nodes/graph/document";
import type { RunEvent } from "#nodes/graph/events";
import { isAway, toPublic } from "#server/errors";
import { Listener } from "#server/jobs/notify";
import { appendEvents, type ClaimedRun, claimRun, Fenced, finishRun } from "#server/runs/claim";
import { createRun } from "#server/runs/create";
import { releaseGone } from "#server/runs/remove";
import { watchRun } from "#server/runs/watch";
import { giveUp, spareFiles } from "#server/storage/disk";
import { blobs } from "#server/storage/open";
import { GET as tensorRoute } from "../app/api/runs/[id]/tensors/[node]/[port]/route";
import { POST } from "../app/api/trpc/[trpc]/route";
import { api, database, db, withBackend } from "./kit/backend";
import { sql } from "./kit/database";
import { graph } from "./kit/graphs";
import { migrate } from "../scripts/migrate.mjs";

const hello = graph({ text: ["text.input", { text: "hello" }] });
const result = {
  status: "done",
  outputs: { t: { w: { type: "weights", value: { ref: "a".repeat(64) } } } },
  ran: ["t"],
  cached: [],
  timings: {},
  problems: [],
  provider: "cpu",
} as const;

withBackend();

describe("requests", () => {
  const request = (path: string, body: string, length = String(body.length)) =>
    new Request(`http://localhost/api/trpc/${path}`, {
      method: "POST",
      body,
      headers: { "content-type": "application/json", ...(length && { "content-length": length }) },
    });
  /** A graph of one text that holds this JSON. */
  const textGraph = (text: string) =>
    `{"json":{"document":{"schema":1,"nodes":{"a":{"type":"text.input","params":{"text":${text}}}},"wires":[]}}}`;
  const post = (...args: Parameters<typeof request>) => POST(request(...args));
  it("that are too large are refused unread, with a message", async () => {
    const body = JSON.stringify({ json: { document: "x".repeat(100e6) } });
    for (const path of ["graphs.create", "graphs.save", "runs.create", "runs.cancel"]) {
      const sent = request(path, body);
      const answer = await POST(sent);
      const { error } = await answer.json();
      expect([answer.status, error.json.message.slice(0, 100), sent.bodyUsed]).toEqual([
        413,
        "The graph has 96 MiB; 4 MiB is the limit.",
        false,
      ]);
    }
  });
  it("are refused when they do not say how large they are, are nested without end, or are many in one", async () => {
    expect((await post("graphs.create", "{}", "")).status).toBe(413);
    const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    expect((await post("graphs.create", textGraph(deep))).status).toBe(400);
    expect((await post(`${"graphs.create,".repeat(100)}graphs.create?batch=1`, "{}")).status).toBe(400);
  });
  it.each([
    ['{"json":{"document":{"schema":1,"nodes":{"a":{"type":"x.y"},"a":{"type":"x.y"}},"wires":[]}}}', /Two nodes have/],
    ['{"json":{"document":{"schema":1,"nodes":{"__proto__":{"type":"x.y"}},"wires":[]}}}', /named “__proto__”/],
    ['{"json":{"document":{"schema":1,"nodes":{"constructor":{"type":"x.y"}},"wires":[]}}}', /name of JavaScript/],
    [
      '{"json":{"document":{"cells":[],"metadata":{},"nbformat":4}}}',
      /This is a Jupyter notebook, not a Patchbay graph/,
    ],
    [textGraph(`${"[".repeat(5000)}${"]".repeat(5000)}`), /nested too deeply/],
  ])("with a graph that is none are refused with a sentence: %s", async (body, message) => {
    const answer = await post("graphs.create", body);
    expect(answer.status).toBe(400);
    expect((await answer.json()).error.json.message).toMatch(message);
  });
  it("that a person can mend are the request's failure, not the server's", async () => {
    const document = graph({ grid: ["output.image-grid"] });
    expect((await post("runs.create", JSON.stringify({ json: { document } }))).status).toBe(400);
  });
});

describe("a database", () => {
  it("that refuses is not one that is away: asking again would not help", async () => {
    const refused = await db.$queryRaw`select ${"a\0"}::text`.catch((e) => e);
    const ended = db.$queryRaw`select pg_sleep(5)::text`.catch((e) => e);
    const terminate =
      "select pg_terminate_backend(pid) from pg_stat_activity " +
      "where query like '%pg_sleep(5)%' and pid <> pg_backend_pid()";
    let terminated: unknown[] = [];
    while (!terminated.length) terminated = await sql(database.url, terminate); // it may not have begun yet
    expect([isAway(refused), toPublic(refused).message]).toEqual([
      false,
      expect.stringContaining("The database does not take this"),
    ]);
    expect([isAway(await ended), toPublic(await ended).message]).toEqual([true, "The database does not answer."]);
  });
});

describe("migrations", () => {
  it("do nothing the second time", async () => expect(await migrate(database.url)).toEqual([]));
});

describe("graphs", () => {
  it("are created from a template, saved by revision, and refuse a save that would overwrite another's", async () => {
    const { id } = await api.graphs.create({ template: "image-embeddings" });
    const opened = await api.graphs.get({ id });
    const renamed = { ...opened.document, name: "Mine" };
    expect(await api.graphs.save({ id, revision: 1, document: renamed })).toEqual({ revision: 2 });
    await expect(api.graphs.save({ id, revision: 1, document: opened.document })).rejects.toMatchObject({
      code: "CONFLICT",
    });
    // The first answer was lost on its way.
    expect(await api.graphs.save({ id, revision: 1, document: renamed })).toEqual({ revision: 2 });
    expect((await api.graphs.get({ id })).document).toEqual(renamed);
    expect((await api.graphs.list())[0]).toMatchObject({ id, name: "Mine", nodes: 11 });
  });
  it("keep the order of their nodes, so that what ran can be opened again exactly", async () => {
    const document = graph({ zebra: ["text.input"], a: ["text.input"] });
    const { id } = await api.graphs.create({ document });
    expect(JSON.stringify((await api.graphs.get({ id })).document)).toBe(JSON.stringify(document));
  });
  it("are deleted and restored", async () => {
    const { id } = await api.graphs.create({ document: hello });
    await api.graphs.remove({ id });
    await expect(api.graphs.get({ id })).rejects.toThrow("This graph does not exist");
    await api.graphs.restore({ id });
    expect((await api.graphs.get({ id })).id).toBe(id);
  });
  it("keep no half of a character: what is saved can be read, and so can the list of all", async () => {
    const half = { ...hello, name: "smile \ud83d", nodes: { text: { ...hello.nodes.text, title: "\ude00 title" } } };
    const { id } = await api.graphs.create({ document: half });
    expect((await api.graphs.get({ id })).document).toMatchObject({
      name: "smile �",
      nodes: { text: { title: "� title" } },
    });
    expect((await api.graphs.list()).map((listed) => listed.name)).toContain("smile �");
  });
  it("can be copied whatever the length of their names", async () => {
    const name = `a${"😀".repeat(99)}`;
    const { id } = await api.graphs.create({ document: { ...hello, name } });
    const copy = await api.graphs.create({ from: id });
    expect((await api.graphs.get(copy)).document.name).toBe(`a${"😀".repeat(94)} (copy)`);
  });
  it("that do not exist are said not to", async () => {
    const id = "01890000-0000-7000-8000-000000000000";
    const calls = [
      () => api.graphs.get({ id }),
      () => api.graphs.save({ id, revision: 1, document: hello }),
      () => api.templates.publish({ version: id, about: { title: "a" }, visibility: "team" }),
      () => api.graphs.remove({ id }),
      () => api.graphs.restore({ id }),
      () => api.graphs.version({ id }),
      () => api.runs.get({ id }),
      () => api.runs.cancel({ id }),
    ];
    for (const call of calls) await expect(call()).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
  it.each([
    [{ schema: 7, nodes: {}, wires: [] }, /newer Patchbay/],
    [[], /something else/],
    [{ schema: 1, nodes: { a: {} }, wires: [] }, /nodes\.a\.type/],
    [{ schema: 1, name: "a\0b", nodes: {}, wires: [] }, /NUL character/],
    [{ ...hello, description: "x".repeat(5 * 2 ** 20) }, /5 MiB|6 MiB/],
  ])("refuse %o with a sentence", async (document, message) => {
    await expect(api.graphs.create({ document })).rejects.toMatchObject({
      cause: { message: expect.stringMatching(message) },
    });
  });
});

describe("runs", () => {
  const claim = async (document: GraphDocument = hello): Promise<ClaimedRun> =>
    (await claimRun(db, (await createRun(db, { document })).id)) as ClaimedRun;

  it("are queued with their job in one transaction, with a frozen snapshot as a version", async () => {
    const { id: graphId } = await api.graphs.create({ document: hello });
    const { id } = await api.runs.create({ graphId, document: hello });
    const again = await api.runs.create({ graphId, document: hello });
    expect(
      await sql(database.url, `select data->>'runId' as run from pgboss.job where data->>'runId' = '${id}'`),
    ).toEqual([{ run: id }]);
    expect([(await api.runs.get({ id })).version, (await api.runs.get(again)).version]).toEqual([1, 1]);
    expect((await api.runs.get({ id })).document).toEqual(hello);
    const before = await db.run.count();
    await expect(
      db.$transaction(async (tx) => {
        await tx.run.create({ data: { name: "x", document: hello } });
        throw new Error("no");
      }),
    ).rejects.toThrow("no");
    expect(await db.run.count()).toBe(before);
  });
  it("are refused with node, port and remedy when the graph has an error", async () => {
    const failed = api.runs.create({ document: graph({ grid: ["output.image-grid"] }) });
    await expect(failed).rejects.toMatchObject({
      cause: { public_: { node: "grid", port: "image", message: expect.stringContaining('needs its input "image"') } },
    });
  });
  it("are refused when they ask for a node that is not there", async () => {
    await expect(api.runs.create({ document: hello, targets: ["__proto__"] })).rejects.toMatchObject({
      code: "BAD_REQUEST",
      cause: { public_: { message: expect.stringContaining("“__proto__”"), hint: "Its nodes are text." } },
    });
  });
  it("keep what a text holds, but for what Postgres cannot", async () => {
    const run = await claim();
    await appendEvents(db, run, [{ kind: "warning", message: "a\0b \ud800 \\u0000 😀" }]);
    await finishRun(db, run, [], {
      ...result,
      outputs: { t: { f: { type: "file", value: { ref: "a".repeat(64), name: "a\0b" } } } },
    } as never);
    const { data } = await db.runEvent.findFirstOrThrow({
      where: { runId: run.id, data: { path: ["kind"], equals: "warning" } },
    });
    expect([(data as { message: string }).message, (await api.runs.get({ id: run.id })).artifacts[0]?.name]).toEqual([
      "a�b � \\u0000 😀",
      "a�b",
    ]);
  });
  it("let only the latest attempt write", async () => {
    const first = await claim();
    const second = (await claimRun(db, first.id)) as ClaimedRun;
    expect(second.attempt).toBe(2);
    await expect(appendEvents(db, first, [{ kind: "node-start", node: "old" }])).rejects.toThrow(Fenced);
    await expect(finishRun(db, first, [], result as never)).rejects.toThrow(Fenced);
    await appendEvents(db, second, [{ kind: "node-start", node: "new" }]);
    await finishRun(db, second, [], result as never);
    await expect(appendEvents(db, second, [{ kind: "node-start", node: "late" }])).rejects.toThrow(Fenced);
    expect(await claimRun(db, first.id)).toBeUndefined();
    const run = await api.runs.get({ id: first.id });
    expect([run.status, run.artifacts.map((a) => [a.node, a.port, a.name])]).toEqual([
      "done",
      [["t", "w", "t.w.safetensors"]],
    ]);
    const events = (await db.runEvent.findMany({ where: { runId: first.id }, orderBy: { id: "asc" } })).map(
      (e) => e.data as unknown as RunEvent,
    );
    expect(events.filter((e) => e.kind === "node-start").map((e) => e.node)).toEqual(["new"]);
  });
  it("list a tensor that came in chunks of rows, and send it as one NumPy file", async () => {
    const run = await claim();
    const chunk = async (rows: number[][]) => {
      const ref = await blobs().put(new Uint8Array(Float32Array.from(rows.flat()).buffer), { durable: false });
      return { rows: rows.length, value: { dtype: "float32", shape: [rows.length, 2], ref } };
    };
    const first = await chunk([
      [1, 2],
      [3, 4],
    ]);
    const value = { rows: 3, chunks: [first, await chunk([[5, 6]])] };
    await finishRun(db, run, [], { ...result, outputs: { t: { x: { type: "tensor", value } } } } as never);
    const { artifacts } = await api.runs.get({ id: run.id });
    expect(artifacts).toMatchObject([{ node: "t", port: "x", type: "tensor", name: "t.x.npy", ref: first.value.ref }]);
    const ask = (port: string) =>
      tensorRoute(new Request("http://x"), { params: Promise.resolve({ id: run.id, node: "t", port }) });
    const answer = await ask("x");
    const bytes = new Uint8Array(await answer.arrayBuffer());
    expect([answer.status, Number(answer.headers.get("content-length"))]).toEqual([200, bytes.length]);
    expect(new TextDecoder("latin1").decode(bytes)).toContain("'shape': (3, 2,)");
    expect([...new Float32Array(bytes.slice(-24).buffer)]).toEqual([1, 2, 3, 4, 5, 6]);
    expect((await ask("y")).status).toBe(404);
  });
  it("hold what they show until they are deleted, also by hand", async () => {
    const [run, other] = [await claim(), await claim()];
    const ref = await blobs().put(new Uint8Array(100).fill(1), { durable: false });
    const isThere = async () => {
      await giveUp(await spareFiles(database.folder), 0, Number.POSITIVE_INFINITY);
      return blobs().has(ref);
    };
    for (const one of [run, other]) {
      await blobs().hold(one.id, [ref]);
      await finishRun(db, one, [], result as never);
    }
    await api.runs.remove({ id: run.id });
    expect(await isThere()).toBe(true);
    await sql(database.url, `delete from "Run" where id = '${other.id}'`);
    await releaseGone(db);
    expect(await isThere()).toBe(false);
  });
  it("are cancelled at once while they wait, and through their worker while they run", async () => {
    const { id } = await createRun(db, { document: hello });
    await api.runs.cancel({ id });
    expect((await api.runs.get({ id })).status).toBe("cancelled");
    expect(await claimRun(db, id)).toBeUndefined();
    const running = await claim();
    await api.runs.cancel({ id: running.id });
    expect(await db.run.findUnique({ where: { id: running.id } })).toMatchObject({
      status: "running",
      cancelRequested: true,
    });
    expect(await claimRun(db, running.id)).toBeUndefined(); // its worker died before it heard
    expect((await api.runs.get({ id: running.id })).status).toBe("cancelled");
  });
  it("are watched live, and from where a connection broke, without a gap or a repeat", async () => {
    const listener = new Listener(() => database.url);
    const run = await claim();
    const seen: string[] = [];
    const all: string[] = [];
    const follow = async (lastId: string | undefined, into: string[], stopAfter: number) => {
      const controller = new AbortController();
      let last = lastId;
      for await (const { id, event } of watchRun(db, listener, run.id, lastId, controller.signal)) {
        last = id;
        into.push(event.kind === "node-progress" ? String(event.done) : event.kind);
        if (into.length >= stopAfter) break;
      }
      return last;
    };
    const writing = (async () => {
      for (let i = 0; i < 60; i++) await appendEvents(db, run, [{ kind: "node-progress", node: "t", done: i, of: 60 }]);
      await finishRun(db, run, [], result as never);
    })();
    const broken = await follow(undefined, seen, 20);
    await follow(broken, seen, Number.POSITIVE_INFINITY);
    await writing;
    await follow(undefined, all, Number.POSITIVE_INFINITY);
    const expected = ["status", "status", ...Array.from({ length: 60 }, (_, i) => String(i)), "status"];
    expect(all).toEqual(expected);
    expect(seen).toEqual(expected);
    await listener.close();
  });
});
