import type { ChildProcess } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { withAssignment, type SweepSpec } from "#nodes/graph/sweep";
import { addWorker, api, database, db, withBackend } from "./kit/backend";
import { sql } from "./kit/database";
import { runDocument, tinyClip } from "./kit/graphs";
import { temporaryFolder } from "./kit/run-node";

let workers: ChildProcess[] = [];
const grid: SweepSpec = {
  mode: "grid",
  count: 20,
  seed: 0,
  axes: [
    { node: "trainer", param: "lr", values: [0.001, 0.003, 0.01] },
    { node: "trainer", param: "seed", values: [1, 2] },
  ],
  metric: { node: "trainer", port: "curve", line: "loss", goal: "min" },
};

type Sweep = Awaited<ReturnType<typeof api.sweeps.get>>;
/** Asks until the sweep is as is said. */
async function untilSweep(id: string, holds: (sweep: Sweep) => boolean): Promise<Sweep> {
  for (;;) {
    const sweep = await api.sweeps.get({ id });
    if (holds(sweep)) return sweep;
    await sleep(50);
  }
}
const isOver = (s: Sweep) => s.status !== "queued" && s.status !== "running";

withBackend();

async function waitingJobs(): Promise<number> {
  return (await sql(database.url, "select id from pgboss.job")).length;
}

describe("a sweep", () => {
  it("queues its runs in one transaction, in order, behind runs that somebody waits for", async () => {
    const { id, runs } = await api.sweeps.create({ document: tinyClip(), spec: grid });
    const single = await api.runs.create({ document: tinyClip() });
    const sweep = await api.sweeps.get({ id });
    expect([runs, sweep.status, sweep.runs.queued]).toEqual([6, "queued", 6]);
    expect(sweep.trials.map((t) => [t.number, t.assignment])).toEqual([
      [1, { "trainer.lr": 0.001, "trainer.seed": 1 }],
      [2, { "trainer.lr": 0.001, "trainer.seed": 2 }],
      [3, { "trainer.lr": 0.003, "trainer.seed": 1 }],
      [4, { "trainer.lr": 0.003, "trainer.seed": 2 }],
      [5, { "trainer.lr": 0.01, "trainer.seed": 1 }],
      [6, { "trainer.lr": 0.01, "trainer.seed": 2 }],
    ]);
    const jobs = await sql(
      database.url,
      "select data->>'runId' as run from pgboss.job order by priority desc, created_on",
    );
    expect(jobs.map((j) => j.run)).toEqual([single.id, ...sweep.trials.map((t) => t.id)]);
    expect((await api.runs.get({ id: sweep.trials[2]?.id as string })).document).toEqual(
      withAssignment(tinyClip(), { "trainer.lr": 0.003, "trainer.seed": 1 }),
    );
    expect((await api.runs.list({})).map((r) => r.id)).toEqual([single.id]);
    // Cancelled while nothing works on it, it ends at once, and no worker takes a run of it later.
    await Promise.all([api.sweeps.cancel({ id }), api.runs.cancel(single)]);
    expect(await api.sweeps.get({ id })).toMatchObject({
      status: "cancelled",
      runs: { cancelled: 6, queued: 0 },
      best: null,
    });
  });

  it.each<[string, Partial<SweepSpec>, string]>([
    [
      "a value its node refuses",
      { axes: [{ node: "trainer", param: "lr", values: [20] }] },
      "Trainer: lr cannot be 20.",
    ],
    [
      "a value with which nothing fits",
      { axes: [{ node: "image_projector", param: "width", values: [24] }] },
      "scorer.texts expects",
    ],
  ])("is refused as a whole, with a sentence: %s", async (_, wrong, message) => {
    const before = [await db.sweep.count(), await db.run.count()];
    await expect(api.sweeps.create({ document: tinyClip(), spec: { ...grid, ...wrong } })).rejects.toMatchObject({
      cause: { public_: { message: expect.stringContaining(message), hint: expect.any(String) } },
    });
    expect([await db.sweep.count(), await db.run.count()]).toEqual(before);
  });

  it.each<[string, Partial<SweepSpec>, RegExp]>([
    [
      "a grid over a parameter",
      { axes: [{ node: "image_projector", param: "width", values: [16, 24] }] },
      /^With image_projector\.width = 24: .*scorer\.texts expects/,
    ],
    [
      "a grid over a constant",
      {
        axes: [
          { node: "$", param: "D", values: [16, 24] },
          { node: "trainer", param: "lr", values: [0.001, 0.01] },
        ],
      },
      /^With D = 24, trainer\.lr = 0\.001: .*scorer\.texts expects/,
    ],
    [
      "draws of a constant",
      { mode: "random", count: 8, axes: [{ node: "$", param: "D", min: 15, max: 17, scale: "linear" }] },
      /^With D = 1[57]: .*scorer\.texts expects/,
    ],
    [
      "a constant with which a node cannot be made",
      { axes: [{ node: "$", param: "heads", values: [2, 5] }] },
      /^With heads = 5: /,
    ],
  ])("of which the graph is wrong in some runs is not begun, and the first of them is named: %s", async (...given) => {
    const [, wrong, message] = given;
    const document = tinyClip();
    document.constants = { D: { kind: "number", value: 16 }, heads: { kind: "number", value: 2 } };
    Object.assign(document.nodes.image_projector?.params ?? {}, { width: { $: "D" } });
    Object.assign(document.nodes.vision?.params ?? {}, { heads: { $: "heads" } });
    const before = [await db.sweep.count(), await db.run.count(), await waitingJobs()];
    await expect(api.sweeps.create({ document, spec: { ...grid, ...wrong } })).rejects.toMatchObject({
      cause: { public_: { message: expect.stringMatching(message), hint: expect.any(String) } },
    });
    expect([await db.sweep.count(), await db.run.count(), await waitingJobs()]).toEqual(before);
    // With values that fit it is begun.
    const fits = { ...grid, axes: [{ node: "$", param: "heads", values: [2, 4] }] };
    const { id, runs } = await api.sweeps.create({ document, spec: fits });
    expect(runs).toBe(2);
    await api.sweeps.cancel({ id });
  });

  it("runs on all workers at once, a killed worker changing nothing, with the numbers of single runs", async () => {
    workers = await Promise.all([addWorker(), addWorker()]);
    const document = tinyClip({ steps: 250, checkpoint: 20 });
    const { id } = await api.sweeps.create({ document, spec: grid });
    const going = await untilSweep(id, (s) => s.runs.running === 2 && s.trials.some((t) => t.provisional));
    const curves = await api.runs.curves({ id: going.trials.find((t) => t.provisional)?.id as string });
    expect(curves.map((c) => c.name)).toContain("trainer · loss");
    workers[0]?.kill("SIGKILL");
    workers[0] = await addWorker();
    const sweep = await untilSweep(id, isOver);
    expect([sweep.status, sweep.runs.done]).toEqual(["done", 6]);
    expect(sweep.best).toBe(Math.min(...sweep.trials.map((t) => t.metric as number)));
    expect((await db.run.findMany({ where: { sweepId: id, attempt: { gt: 1 } } })).length).toBeGreaterThan(0);
    const trial = sweep.trials.find((t) => t.assignment["trainer.lr"] === 0.01 && t.assignment["trainer.seed"] === 2);
    const alone = await runDocument(withAssignment(document, trial?.assignment ?? {}), await temporaryFolder());
    const loss = (alone.outputs.trainer?.curve?.value as { lines: { values: number[] }[] }).lines[0]?.values.at(-1);
    expect(trial?.metric).toBe(loss);

    const [line] = await api.runs.curves({ id: trial?.id as string });
    expect([line?.name, line?.x.at(-1), line?.y.at(-1), line?.x.length]).toEqual(["trainer · loss", 250, loss, 125]);
    const { runs, parameters } = await api.runs.compare({ ids: sweep.trials.slice(0, 3).map((t) => t.id) });
    expect(runs.map((r) => r.number)).toEqual([1, 2, 3]);
    expect(parameters).toEqual([
      { node: "trainer", param: "lr", values: [0.001, 0.001, 0.003] },
      { node: "trainer", param: "seed", values: [1, 2, 1] },
    ]);
  });

  it("is cancelled: runs that wait never start, runs that go on stop", async () => {
    const { id } = await api.sweeps.create({ document: tinyClip({ steps: 5000, checkpoint: 1000 }), spec: grid });
    await untilSweep(id, (s) => s.runs.running === 2);
    await api.sweeps.cancel({ id });
    const sweep = await untilSweep(id, isOver);
    expect(sweep).toMatchObject({ status: "cancelled", runs: { cancelled: 6 } });
    expect(sweep.trials.filter((t) => t.startedAt)).toHaveLength(2);
  });

  it("fails where a run fails, and goes on with the others", async () => {
    const { id } = await api.sweeps.create({
      document: tinyClip({ steps: 4 }),
      spec: { ...grid, axes: [{ node: "text", param: "vocabulary", values: [560, 300] }] },
    });
    const sweep = await untilSweep(id, isOver);
    expect([sweep.status, ...sweep.trials.map((t) => t.status)]).toEqual(["done", "done", "failed"]);
    expect(sweep.trials[1]?.error).toMatchObject({
      node: "text",
      message: expect.stringContaining("is beyond the vocabulary"),
    });
    expect((await api.sweeps.list())[0]).toMatchObject({
      id,
      runs: { done: 1, failed: 1 },
      nodes: { text: { type: "model.text-transformer" } },
    });
  });
});
