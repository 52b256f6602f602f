/** What is stored: texts that Postgres could not keep or search, rows that are broken, requests that are none. */
import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Preview } from "#nodes/core/preview";
import type { GraphDocument } from "#nodes/graph/document";
import { appendEvents, type ClaimedRun, claimRun, failRun, finishRun } from "#server/runs/claim";
import { createRun } from "#server/runs/create";
import { curvesOf } from "#server/runs/curves";
import { GET, POST } from "../app/api/trpc/[trpc]/route";
import { api, database, db, withBackend } from "./kit/backend";
import { sql } from "./kit/database";
import { graph, tinyClip } from "./kit/graphs";

const hello = graph({ text: ["text.input", { text: "hello" }] });
const half = "\ud83d";
const kept = "\ufffd";

withBackend();

const claimed = async (document: GraphDocument = hello): Promise<ClaimedRun> =>
  (await claimRun(db, (await createRun(db, { document })).id)) as ClaimedRun;

describe("half an emoji, and NUL", () => {
  it("in a graph's name, description, title, note and texts are replaced when it is made and when it is saved", async () => {
    const document = structuredClone(hello);
    document.name = `a${half}`;
    document.description = `b${half}`;
    Object.assign(document.nodes.text as object, { title: `c${half}`, note: `d${half}`, params: { text: `e${half}` } });
    const { id } = await api.graphs.create({ document });
    expect((await api.graphs.list()).find((card) => card.id === id)).toMatchObject({
      name: `a${kept}`,
      description: `b${kept}`,
      nodes: 1,
    });
    await api.graphs.save({ id, revision: 1, document });
    const { document: saved } = await api.graphs.get({ id });
    expect([saved.name, saved.nodes.text]).toMatchObject([
      `a${kept}`,
      { title: `c${kept}`, note: `d${kept}`, params: { text: `e${kept}` } },
    ]);
    const [row] = await sql(database.url, `select "document"->'nodes' as nodes from "Graph" where "id" = '${id}'`);
    expect(row?.nodes).toEqual(saved.nodes);
  });

  it("in whatever a run tells and gives are replaced: warnings, errors, previews, results, file names", async () => {
    const text = `x${half}y\0z`;
    const run = await claimed();
    const preview: Preview = { type: "text", count: 1, items: [text] };
    await appendEvents(db, run, [
      { kind: "warning", message: text },
      { kind: "node-done", node: "text", cached: false, ms: 1, previews: { [text]: preview } },
      { kind: "node-failed", node: "text", error: { message: text, hint: text, details: { [text]: text } } },
      { kind: "metric", node: "text", step: 1, values: { [text]: 1 } },
    ]);
    expect(await curvesOf(db, run.id)).toMatchObject([{ name: `text · x${kept}y${kept}z` }]);
    await finishRun(db, run, [], {
      status: "failed",
      outputs: {
        text: {
          text: { type: "text", value: [text] },
          file: { type: "file", value: { ref: "a".repeat(64), name: text } },
        },
      },
      ran: [],
      cached: [],
      timings: {},
      problems: [],
      warnings: [{ message: text }],
      error: { message: text, details: { place: text } },
    });
    const { result, error, artifacts } = await api.runs.get({ id: run.id });
    const clean = `x${kept}y${kept}z`;
    expect([result?.outputs.text?.text?.value, error?.message, artifacts[0]?.name]).toEqual([[clean], clean, clean]);
    const found = await sql(
      database.url,
      `select "data"->>'kind' as kind, "data"::text as data from "RunEvent" where "runId" = '${run.id}' order by "id"`,
    );
    expect(found.map((event) => event.kind)).toEqual([
      "status",
      "status",
      "warning",
      "node-done",
      "node-failed",
      "metric",
      "status",
    ]);
    expect(found.map((event) => event.data).join()).not.toMatch(/\\u0000|\\ud83d/i);
    expect((await api.runs.list({})).find((row) => row.id === run.id)?.error?.message).toBe(clean);
  });

  it("in the failure of a run that could not begin are replaced", async () => {
    const run = await claimed();
    await failRun(db, run, { message: `no\0${half}` });
    expect((await api.runs.get({ id: run.id })).error).toEqual({ message: `no${kept}${kept}` });
  });
});

/** Documents as some older Patchbay, or another hand, may have stored them. */
const broken: [what: string, json: string, says: RegExp][] = [
  ["a newer schema", '{"schema":99,"nodes":{},"wires":[]}', /newer Patchbay: schema 99/],
  ["nodes that are a list", '{"schema":1,"nodes":[],"wires":[]}', /nodes are a list/],
  ["a node without a type", '{"schema":1,"nodes":{"a":{}},"wires":[],"x":"\\ud83d"}', /nodes\.a\.type/],
  ["a list", "[]", /no Patchbay graph/],
  ["null", "null", /no Patchbay graph/],
  ["a NUL character", '{"schema":1,"nodes":{"a":{"type":"t","params":{"b":"\\u0000"}}},"wires":[]}', /NUL/],
  [
    "5,000 levels",
    `{"schema":99,"nodes":{"a":{"type":"t","params":{"b":${"[".repeat(5000)}${"]".repeat(5000)}}}},"wires":[]}`,
    /newer Patchbay|nested too deeply/,
  ],
];

async function insertGraph(json: string, name: string): Promise<string> {
  const id = randomUUID();
  await sql(
    database.url,
    `insert into "Graph" ("id", "name", "document", "updatedAt") values ('${id}', '${name}', '${json}', now())`,
  );
  return id;
}

describe("a row that is broken already", () => {
  it.each(broken)("takes no list of graphs down, says why, and can be deleted: %s", async (what, json, says) => {
    const { id: sound } = await api.graphs.create({ document: hello });
    const id = await insertGraph(json, what);
    const cards = await api.graphs.list();
    expect(cards.find((card) => card.id === id)).toMatchObject({ name: what, broken: expect.stringMatching(says) });
    expect(cards.find((card) => card.id === sound)).toMatchObject({ nodes: 1 });
    expect(cards.find((card) => card.id === sound)).not.toHaveProperty("broken");
    await expect(api.graphs.get({ id })).rejects.toMatchObject({ code: "BAD_REQUEST" });
    await api.graphs.remove({ id });
    expect((await api.graphs.list()).map((card) => card.id)).not.toContain(id);
  });

  it("but for half an emoji is listed, opened and mended like any other", async () => {
    const json = '{"schema":1,"nodes":{"a":{"type":"text.input","title":"\\ud83d"}},"wires":[]}';
    const id = await insertGraph(json, "half");
    expect((await api.graphs.list()).find((card) => card.id === id)).toMatchObject({ nodes: 1, name: "half" });
    const { document } = await api.graphs.get({ id });
    expect(document.nodes.a?.title).toBe(kept);
    expect(await api.graphs.save({ id, revision: 1, document })).toEqual({ revision: 2 });
  });

  it.each(broken)("of a run is shown with its result, is compared, and can be deleted: %s", async (_, json, says) => {
    const id = randomUUID();
    await sql(
      database.url,
      `insert into "Run" ("id", "name", "document", "status") values ('${id}', 'broken', '${json}', 'done')`,
    );
    const { id: other } = await createRun(db, { document: hello });
    expect((await api.runs.list({})).map((run) => run.id)).toEqual(expect.arrayContaining([id, other]));
    expect(await api.runs.get({ id })).toMatchObject({ status: "done", broken: expect.stringMatching(says) });
    const { runs, parameters } = await api.runs.compare({ ids: [id, other] });
    expect([runs.length, parameters.map(({ param }) => param)]).toEqual([2, ["type", "text"]]);
    await api.runs.remove({ id });
    await expect(api.runs.get({ id })).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(api.runs.remove({ id: other })).rejects.toMatchObject({ cause: { message: "This run goes on." } });
  });

  it.each([
    ["a document that is a list, and no spec", "[]", "{}"],
    ["half an emoji", '{"schema":1,"nodes":{"\\ud83d":{}},"wires":[]}', '{"mode":"\\ud83d"}'],
    ["nothing", "null", "null"],
  ])("of a sweep takes no list down, says so, and can be deleted: %s", async (_, document, spec) => {
    const { id: sound } = await api.sweeps.create({
      document: tinyClip(),
      spec: {
        mode: "grid",
        axes: [{ node: "trainer", param: "seed", values: [1, 2] }],
        metric: { node: "trainer", port: "curve", line: "loss", goal: "min" },
      },
    });
    const id = randomUUID();
    await sql(
      database.url,
      `insert into "Sweep" ("id", "name", "document", "spec") values ('${id}', 'broken', '${document}', '${spec}')`,
    );
    const listed = await api.sweeps.list();
    expect(listed.find((sweep) => sweep.id === id)).toMatchObject({ name: "broken", broken: expect.any(String) });
    expect(listed.find((sweep) => sweep.id === sound)).toMatchObject({ runs: { queued: 2 }, status: "queued" });
    await expect(api.sweeps.remove({ id: sound })).rejects.toMatchObject({ code: "BAD_REQUEST" });
    expect(await api.sweeps.get({ id })).toMatchObject({ trials: [], broken: expect.any(String) });
    await api.sweeps.remove({ id });
    expect((await api.sweeps.list()).map((sweep) => sweep.id)).not.toContain(id);
  });
});

describe("a request that is none", () => {
  const url = (path: string) => `http://localhost/api/trpc/${path}`;
  const send = (path: string, body: string) =>
    POST(
      new Request(url(path), {
        method: "POST",
        body,
        headers: { "content-type": "application/json", "content-length": String(body.length) },
      }),
    );
  const id = randomUUID();
  const deep = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;

  it.each([
    ["a revision of 2^40", "graphs.save", JSON.stringify({ json: { id, revision: 2 ** 40, document: hello } })],
    ["a revision that is no number", "graphs.save", JSON.stringify({ json: { id, revision: "1", document: hello } })],
    ["5,000 levels", "graphs.create", `{"json":{"document":${deep(5000)}}}`],
    ["5,000 levels around", "graphs.create", deep(5000)],
    ["5,000 levels in a sweep", "sweeps.create", `{"json":{"document":{},"spec":${deep(5000)}}}`],
    ["a list", "graphs.create", "[]"],
    ["a number", "graphs.create", "5"],
    ["a text", "runs.create", '"run"'],
    ["null", "runs.cancel", "null"],
    ["null inside", "runs.cancel", '{"json":null}'],
    ["no JSON", "runs.cancel", "{"],
    ["nothing", "runs.cancel", ""],
    ["an id that is none", "runs.cancel", '{"json":{"id":"../../etc"}}'],
    ["an id with NUL", "graphs.remove", '{"json":{"id":"\\u0000"}}'],
    ["types that are none", "graphs.remove", '{"json":{"id":5},"meta":{"values":{"id":["map"]}}}'],
    ["types of nowhere", "graphs.remove", '{"json":{"id":"a"},"meta":{"values":{"x":{"y":["Date"]}}}}'],
    ["targets that are no list", "runs.create", JSON.stringify({ json: { document: hello, targets: "text" } })],
    ["a spec that is a list", "sweeps.create", JSON.stringify({ json: { document: hello, spec: [] } })],
  ])("is answered with what is wrong: %s", async (_, path, body) => {
    const answer = await send(path, body);
    const { error } = await answer.json();
    expect([answer.status, error.json.message]).toEqual([400, expect.stringMatching(/\S.{10,}/)]);
    expect(JSON.stringify(error)).not.toMatch(/node_modules|\.ts:|at async/);
  });

  it.each([
    ["no JSON", "runs.get", "{"],
    ["a list", "runs.get", "[]"],
    ["more runs than there may be", "runs.list", '{"json":{"take":1e12}}'],
    ["a graph that is a number", "runs.list", '{"json":{"graphId":1}}'],
    ["no runs to compare", "runs.compare", '{"json":{"ids":[]}}'],
  ])("in an address is answered with what is wrong: %s", async (_, path, input) => {
    const answer = await GET(new Request(url(`${path}?input=${encodeURIComponent(input)}`)));
    expect(answer.status).toBe(400);
  });

  it("names the field", async () => {
    const answer = await send("graphs.save", JSON.stringify({ json: { id, revision: 2 ** 40, document: hello } }));
    const { error } = await answer.json();
    expect(error.json.data.problem.message).toMatch(/revision: .*2147483647/);
  });
});
