/** A training of a run is continued by another run, from a checkpoint that the first one kept. */
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, expect, it } from "vitest";
import { addWorker, api, withBackend } from "./kit/backend";
import { tinyClip } from "./kit/graphs";

withBackend();
beforeAll(addWorker);

async function untilOver(id: string) {
  for (;;) {
    const run = await api.runs.get({ id });
    if (run.status !== "queued" && run.status !== "running") return run;
    await sleep(50);
  }
}

const lastStep = async (id: string) => {
  const [loss] = (await api.runs.curves({ id })).filter(({ name }) => name.endsWith("· loss"));
  return {
    last: loss?.x.at(-1),
    points: loss?.x.length,
    epochs: loss?.epochs?.length,
    clock: loss?.clock !== undefined,
  };
};

it("goes on longer, with the graph as it was or as it is today; stopped, it gives its weights", async () => {
  const document = tinyClip({ steps: 100_000, checkpoint: 4, keep: 3 });
  const { id: graphId } = await api.graphs.create({ document });
  const { id } = await api.runs.create({ graphId, document });
  while (((await lastStep(id)).last ?? 0) < 12) await sleep(50);
  await api.runs.cancel({ id });
  const stopped = await untilOver(id);
  expect([stopped.status, stopped.artifacts.map(({ name }) => name)]).toEqual([
    "cancelled",
    expect.arrayContaining(["trainer.weights.safetensors"]),
  ]);
  const [training] = await api.runs.trainings({ id });
  const steps = training?.checkpoints.map(({ step }) => step) ?? [];
  expect([training?.title, training?.steps, steps.length]).toEqual(["Trainer", 100_000, 3]);
  const [step = 0] = steps;
  const longer = await api.runs.goOn({ id, node: "trainer", step, until: step + 6 });
  expect((await untilOver(longer.id)).status).toBe("done");
  expect(await lastStep(longer.id)).toEqual({ last: step + 6, points: step + 6, epochs: 1, clock: true });
  const { id: todayId } = await api.runs.goOn({
    id,
    node: "trainer",
    step: steps[1] ?? 0,
    until: step + 2,
    today: true,
  });
  const today = await untilOver(todayId);
  expect([today.status, today.document.nodes.trainer?.params.steps]).toEqual(["done", step + 2]);
  await expect(api.runs.goOn({ id, node: "trainer", step: 1, until: 9 })).rejects.toThrow("did not keep a checkpoint");
});
