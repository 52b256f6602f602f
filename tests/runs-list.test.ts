/** The list of runs: paged, searched and filtered by the server, and what people say of runs. */
import { beforeAll, describe, expect, it } from "vitest";
import { secondsHere } from "#server/publish/needs";
import { api, db, withBackend } from "./kit/backend";
import { graph } from "./kit/graphs";

const count = 1000;
/** Names of runs, newest first. */
const all = Array.from({ length: count }, (_, i) => `run ${count - 1 - i}`);
const names = async (input: Parameters<typeof api.runs.list>[0]) => (await api.runs.list(input)).map((run) => run.name);

withBackend();
beforeAll(async () => {
  const start = Date.UTC(2026, 0, 1);
  await db.run.createMany({
    data: Array.from({ length: count }, (_, i) => ({
      name: `run ${i}`,
      document: graph({ trainer: ["train.trainer", { lr: i / 1000, optimizer: i % 2 ? "adamw" : "sgd" }] }),
      status: (["done", "failed", "cancelled"] as const)[i % 3],
      numbers: i % 3 ? {} : { "score.accuracy": i / count },
      createdAt: new Date(start + i * 1000),
      startedAt: new Date(start + i * 1000),
      finishedAt: new Date(start + i * 1000 + (i % 7) * 100),
    })),
  });
});

describe("pages of runs", () => {
  it("begin at the offset, newest first, and are empty at the end and beyond", async () => {
    expect(await names({ take: 3 })).toEqual(all.slice(0, 3));
    expect(await names({ take: 3, offset: 0 })).toEqual(all.slice(0, 3));
    expect(await names({ take: 3, offset: 998 })).toEqual(["run 1", "run 0"]);
    expect(await names({ take: 3, offset: count })).toEqual([]);
    expect(await names({ take: 3, offset: 50_000 })).toEqual([]);
    expect(await api.runs.count({})).toBe(count);
  });
  it("put together are all runs, each once", async () => {
    const pages = await Promise.all([0, 1, 2, 3].map((page) => names({ take: 250, offset: 250 * page })));
    expect(pages.flat()).toEqual(all);
  });
  it.each([1.5, -1, Number.NaN, "ten"])("refuse an offset of %s with a sentence", async (offset) => {
    await expect(api.runs.list({ offset: offset as number })).rejects.toMatchObject({ code: "BAD_REQUEST" });
  });
  it("come in other orders, with those last that lack what is sorted by", async () => {
    const order = { by: "number:score.accuracy" as const, descending: true };
    expect(await names({ take: 2, order })).toEqual(["run 999", "run 996"]);
    expect(await names({ take: 2, order: { ...order, descending: false } })).toEqual(["run 0", "run 3"]);
    expect(await names({ take: 1, offset: 999, order: { by: "createdAt", descending: false } })).toEqual(["run 999"]);
  });
});

describe("a filter of runs", () => {
  it("goes by status, text, parameters and numbers, all at once", async () => {
    const conditions = [
      { kind: "parameter" as const, name: "trainer.lr", operator: "≥" as const, value: "0.9" },
      { kind: "parameter" as const, name: "trainer.optimizer", operator: "=" as const, value: "sgd" },
      { kind: "metric" as const, name: "score.accuracy", operator: "<" as const, value: "0.95" },
    ];
    const expected = all.filter((name) => {
      const i = Number(name.slice(4));
      return i % 3 === 0 && i % 2 === 0 && i >= 900 && i < 950;
    });
    const filter = { statuses: ["done" as const], search: "RUN 9", conditions };
    expect(await names({ ...filter, take: 500 })).toEqual(expected);
    expect(await api.runs.count(filter)).toBe(expected.length);
  });
  it("takes signs of SQL and of patterns as text", async () => {
    expect(await names({ search: "%" })).toEqual([]);
    expect(await names({ search: '\'; drop table "Run"; --' })).toEqual([]);
    const odd = { kind: "parameter" as const, name: "it's.a'b", operator: "=" as const, value: "'" };
    expect(await names({ conditions: [odd] })).toEqual([]);
    const textual = { kind: "parameter" as const, name: "trainer.optimizer", operator: ">" as const, value: "3" };
    expect(await names({ conditions: [textual] })).toEqual([]);
  });
});

describe("remarks on runs", () => {
  it("are a star, tags and a note, by which runs are found", async () => {
    const [first, second] = await api.runs.list({ take: 2 });
    const ids = [first?.id ?? "", second?.id ?? ""];
    await api.runs.remark({ ids, tags: [" baseline ", "paper", "paper"] });
    await api.runs.remark({ ids: ids.slice(0, 1), starred: true, note: "The one with the odd seed" });
    expect(await names({ tag: "baseline" })).toEqual(["run 999", "run 998"]);
    expect(await names({ starred: true })).toEqual(["run 999"]);
    expect(await names({ search: "odd seed" })).toEqual(["run 999"]);
    expect(await api.runs.facets()).toMatchObject({ tags: ["baseline", "paper"], numbers: ["score.accuracy"] });
    expect((await api.runs.removeMany({ ids })).removed).toBe(2);
    expect(await api.runs.count({})).toBe(count - 2);
  });
});

it("what a template took here is what its last whole run took that had nothing from the cache", async () => {
  const made = async (document: object, origin = {}) =>
    (await db.graph.create({ data: { name: "Made", document, ...origin } })).id;
  const shipped = await made({ ...graph({}), template: "clip-train-emoji" });
  const published = await made(graph({}), { originTemplateId: "00000000-0000-4000-8000-00000000000a" });
  const begin = Date.UTC(2027, 0, 1);
  const run = (graphId: string, hour: number, seconds: number, more: object = {}) => ({
    name: "Of a template",
    document: graph({}),
    graphId,
    status: "done" as const,
    result: { outputs: {}, ran: ["a"], cached: [] },
    createdAt: new Date(begin + hour * 3_600_000),
    startedAt: new Date(begin),
    finishedAt: new Date(begin + seconds * 1000),
    ...more,
  });
  await db.run.createMany({
    data: [
      run(shipped, 0, 300),
      run(shipped, 1, 180),
      run(shipped, 2, 1, { result: { outputs: {}, ran: [], cached: ["a"] } }),
      run(shipped, 3, 2, { targets: ["a"] }),
      run(shipped, 4, 3, { status: "failed" as const }),
      run(published, 0, 12),
    ],
  });
  expect(Object.fromEntries(await secondsHere(db))).toEqual({
    "clip-train-emoji": 180,
    "00000000-0000-4000-8000-00000000000a": 12,
  });
});
