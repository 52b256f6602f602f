import { describe, expect, it } from "vitest";
import type { GraphDocument } from "#nodes/graph/document";
import type { RunEvent } from "#nodes/graph/events";
import { runDocument, tinyClip } from "../../../tests/kit/graphs";
import { temporaryFolder } from "../../../tests/kit/run-node";

type Kept = Extract<RunEvent, { kind: "checkpoint" }>;
const keptIn = (events: readonly RunEvent[]) => events.filter((event): event is Kept => event.kind === "checkpoint");

/** The graph with a trainer that goes on from a checkpoint. */
function from(document: GraphDocument, { step, files }: Kept): GraphDocument {
  const { trainer, ...others } = document.nodes;
  const start = { ref: files[0]?.ref ?? "", name: `step-${step}.safetensors` };
  return { ...document, nodes: { ...others, trainer: { ...trainer, params: { ...trainer?.params, start } } } } as never;
}

const lossOf = (outputs: Awaited<ReturnType<typeof runDocument>>["outputs"]) => {
  const curve = outputs.trainer?.curve?.value as { lines: { name: string; values: number[] }[] };
  return curve.lines.find(({ name }) => name === "loss")?.values ?? [];
};
const constant = { schedule: "constant", warmup: 0, checkpoint: 4, keep: 3 };

describe("a training that goes on from another's checkpoint", () => {
  it("has the numbers of one that was longer from the beginning, from any checkpoint that was kept", async () => {
    const dir = await temporaryFolder();
    const short = await runDocument(tinyClip({ ...constant, steps: 8 }), dir);
    const whole = await runDocument(tinyClip({ ...constant, steps: 14 }), dir);
    const kept = keptIn(short.events);
    expect(kept.map(({ step }) => step)).toEqual([4, 8]);
    for (const checkpoint of kept) {
      const longer = await runDocument(from(tinyClip({ ...constant, steps: 14 }), checkpoint), dir);
      expect([longer.status, longer.ran.includes("trainer")]).toEqual(["done", true]);
      expect(lossOf(longer.outputs)).toEqual(lossOf(whole.outputs));
      expect(longer.outputs.trainer?.weights?.value).toEqual(whole.outputs.trainer?.weights?.value);
    }
  });

  it("takes over what fits where the graph has other parameters, or refuses where nothing does", async () => {
    const dir = await temporaryFolder();
    const [, last] = keptIn((await runDocument(tinyClip({ ...constant, steps: 8 }), dir)).events) as [Kept, Kept];
    const wider = tinyClip({ ...constant, steps: 6 });
    (wider.nodes.text_projector as { params: object }).params = { scope: "tp", width: 24 };
    (wider.nodes.image_projector as { params: object }).params = { scope: "ip", width: 24 };
    const changed = await runDocument(from(wider, last), dir);
    expect([changed.status, lossOf(changed.outputs).length]).toEqual(["done", 6]);
    expect(changed.warnings.map(({ message }) => message).join()).toMatch(/\d+ of its parameters fit/);
    const tooShort = await runDocument(from(tinyClip({ ...constant, steps: 8 }), last), dir);
    expect([tooShort.status, tooShort.error?.param]).toEqual(["failed", "steps"]);
  });

  it("that was stopped gives the weights of its last checkpoint, which it goes on from", async () => {
    const dir = await temporaryFolder();
    const stop = new AbortController();
    const document = tinyClip({ ...constant, steps: 10_000, checkpoint: 3 });
    const onEvent = (event: RunEvent) => event.kind === "metric" && event.step >= 7 && stop.abort();
    const stopped = await runDocument(document, dir, { signal: stop.signal, onEvent });
    const kept = keptIn(stopped.events);
    expect([stopped.status, kept.length > 0]).toEqual(["cancelled", true]);
    expect(stopped.outputs.trainer?.weights).toMatchObject({ type: "weights", value: { ref: expect.any(String) } });
    expect(stopped.warnings.map(({ message }) => message).join()).toMatch(/stopped at step \d+ of 10000.*checkpoint/);
    const last = kept.at(-1) as Kept;
    const asShort = await runDocument(
      tinyClip({ ...constant, steps: last.step, checkpoint: 3 }),
      await temporaryFolder(),
    );
    expect(stopped.outputs.trainer?.weights?.value).toEqual(asShort.outputs.trainer?.weights?.value);
  });
});
