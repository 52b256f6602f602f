import { describe, expect, it, vi } from "vitest";
import { startsOf } from "#nodes/core/packed";
import type { Tensor } from "#nodes/core/values";
import { graph, runDocument } from "#tests/kit/graphs";
import { packedRegistry, tilesOf } from "#tests/kit/packed-nodes";
import { temporaryFolder } from "#tests/kit/run-node";
import type { ExecuteOptions } from "../execute";
import { filledUp } from "../packed";
import { bytesLike, roomFor } from "./held-rows";

const rows = 30;

/** Tiles of numbers through an encoder and a packer to a loss; `tiles` are the parameters of their node. */
function training(trainer: Record<string, unknown> = {}, tiles: Record<string, unknown> = {}) {
  return graph(
    {
      rows: ["test.numbers", { rows }],
      tiles: ["test.tiles", tiles],
      normalize: ["image.normalize", { preset: "half" }],
      encoder: ["test.encoder"],
      packer: ["test.packer"],
      loss: ["test.loss"],
      trainer: ["train.trainer", { steps: 9, batch: 4, warmup: 0, lr: 0.01, checkpoint: 3, ...trainer }],
    },
    [
      "rows.number -> tiles.number",
      "tiles.image -> normalize.image",
      "normalize.pixels -> encoder.pixels",
      "encoder.tokens -> packer.features",
      "tiles.counts -> packer.counts",
      "tiles.index -> packer.index",
      "packer.tokens -> loss.tokens",
      "loss.loss -> trainer.loss",
    ],
  );
}
const frozen = (trainer: Record<string, unknown> = {}) => ({
  stages: [{ name: "packer", steps: 9, trains: "packer.*" }],
  ...trainer,
});

async function lossesOf(document: ReturnType<typeof training>, options: Partial<ExecuteOptions> = {}, dir?: string) {
  const result = await runDocument(document, dir ?? (await temporaryFolder()), {
    registry: packedRegistry,
    ...options,
  });
  const losses = result.events.flatMap((event) => (event.kind === "metric" ? [event.values.loss] : []));
  return { losses, result };
}

describe.each([
  ["of one length", {}],
  ["as long as the longest row of a batch", { length: 0 }],
])("a training on rows with any number of tiles, %s", (_, tiles) => {
  it("learns, the same whatever is held and whatever runs once", async () => {
    const { losses, result } = await lossesOf(training({}, tiles));
    expect(result.error).toBeUndefined();
    expect(losses).toHaveLength(9);
    expect(losses.at(-1)).toBeLessThan(losses[0] as number);
    expect((await lossesOf(training({}, tiles), { heldBytes: 0 })).losses).toEqual(losses);
    const once = await lossesOf(training(frozen(), tiles));
    const anew = await lossesOf(training(frozen({ hoist: "off" }), tiles));
    const hoisted = once.result.events.filter((event) => event.kind === "hoisted");
    const items = Array.from({ length: rows }, (__, row) => tilesOf(row)).reduce((sum, count) => sum + count, 0);
    expect(hoisted).toMatchObject([{ nodes: ["encoder"], rows, bytes: items * 2 * 8 * 4 }]);
    expect(once.losses).toEqual(anew.losses);
    expect(once.losses).not.toEqual(losses);
  });

  it("goes on after a stop with the numbers it would have had", async () => {
    for (const trainer of [{}, frozen(), { accumulate: 2 }]) {
      const whole = await lossesOf(training(trainer, tiles));
      const dir = await temporaryFolder();
      const controller = new AbortController();
      const stopped = await lossesOf(
        training(trainer, tiles),
        {
          signal: controller.signal,
          onEvent: (event) => event.kind === "metric" && event.step === 5 && controller.abort(),
        },
        dir,
      );
      expect(stopped.result.status).toBe("cancelled");
      const { losses, result } = await lossesOf(training(trainer, tiles), {}, dir);
      expect(result.events.some((event) => event.kind === "resumed")).toBe(true);
      expect(losses).toEqual(whole.losses);
    }
  });
});

it("measures what is made of tiles and of rows on the way, chunk by chunk or at once", async () => {
  const measured = async (node: string) => {
    const document = training({ evaluate: 3 });
    Object.assign(document.nodes, graph({ mean: ["test.mean"] }).nodes);
    document.wires.push(...graph({}, [`${node}.tokens -> mean.tokens`, "mean.mean -> trainer.metric"]).wires);
    const { result } = await lossesOf(document);
    expect(result.error).toBeUndefined();
    const values = result.events.flatMap((event) => (event.kind === "metric" ? (event.values["mean.mean"] ?? []) : []));
    expect(values).toHaveLength(3);
    return values;
  };
  const ofRows = await measured("packer");
  const ofTiles = await measured("encoder");
  expect(ofRows.every(Number.isFinite) && ofTiles.every(Number.isFinite)).toBe(true);
  vi.stubEnv("PATCHBAY_CHUNK", `${8 * 4 * 3 * 4 * 4 * 4}`);
  const close = (values: readonly number[]) => values.map((x) => expect.closeTo(x, 6));
  expect(await measured("packer")).toEqual(close(ofRows));
  expect(await measured("encoder")).toEqual(close(ofTiles));
  vi.unstubAllEnvs();
});

it("stops where the numbers of items are not those of the items", async () => {
  const document = training(frozen());
  Object.assign(document.nodes, graph({ other: ["test.other-counts"] }).nodes);
  for (const { from, to } of document.wires) if (to.port === "counts") from.node = "other";
  document.wires.push(...graph({}, ["tiles.counts -> other.counts"]).wires);
  const { result } = await lossesOf(document);
  expect(result.error?.message).toMatch(/^Row 3 has \d items, and \d by other.counts\.$/);
});

it("does not encode rows of any number of tiles some at a time", async () => {
  const { result } = await lossesOf(training({ chunk: 2 }));
  expect(result.error).toMatchObject({
    node: "trainer",
    message: "Rows that have any number of pictures or tiles each are not encoded some at a time.",
  });
});

describe("items that no row has", () => {
  const tensor = (items: number): Tensor => ({
    dtype: "float32",
    shape: [items, 2],
    data: Float32Array.from({ length: 2 * items }, (_, i) => i + 1),
    counts: [items],
  });
  it("are added like the last one, so that there are few sizes", () => {
    expect(filledUp(tensor(16))).toEqual(tensor(16));
    expect(filledUp(tensor(17))).toMatchObject({ shape: [18, 2], counts: [17] });
    expect([...filledUp(tensor(17)).data.slice(-4)]).toEqual([33, 34, 33, 34]);
    expect(filledUp(tensor(100)).shape).toEqual([104, 2]);
  });
  it("stand in where there are none", () => {
    expect(filledUp(tensor(0))).toMatchObject({ shape: [1, 2], data: Float32Array.of(0, 0) });
  });
});

it("holds rows of any number of items one by one", () => {
  const counts = [2, 0, 1];
  const value: Tensor = { dtype: "float32", shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6), counts };
  expect(bytesLike("tensor", value, 300)).toBe(3 * 2 * 4 * 100);
  const held = roomFor("tensor", value, 10);
  held.put(Uint32Array.of(7, 2, 5), value);
  expect([held.has(7), held.has(1)]).toEqual([true, false]);
  expect(held.bytes).toBe(24);
  const taken = held.take(Uint32Array.of(5, 7, 2, 5)) as Tensor;
  expect(taken).toEqual({
    dtype: "float32",
    shape: [4, 2],
    data: Float32Array.of(5, 6, 1, 2, 3, 4, 5, 6),
    counts: [1, 2, 0, 1],
  });
  expect([...startsOf(taken.counts as number[])]).toEqual([0, 1, 3, 3, 4]);
});
