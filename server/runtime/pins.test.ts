import { describe, expect, it } from "vitest";
import type { GraphDocument } from "#nodes/graph/document";
import { setParam, setPin, toggleOff } from "#nodes/graph/edits";
import { mostPinned } from "#nodes/graph/pin";
import { keptIn, runDocument, tinyTower } from "#tests/kit/graphs";
import { temporaryFolder } from "#tests/kit/run-node";
import { pinResult } from "../storage/pinned";

async function pinnedTower(dir: string): Promise<{ plain: GraphDocument; pinned: GraphDocument }> {
  const plain = tinyTower();
  const { outputs } = await runDocument(plain, dir);
  const node = plain.nodes.normalize as GraphDocument["nodes"][string];
  const { pixels } = outputs.normalize ?? {};
  const pin = await pinResult({ outputs: { pixels: pixels as never }, previews: {} }, node, plain, keptIn(dir).blobs);
  return { plain, pinned: setPin(plain, "normalize", pin) };
}

describe("a pinned result", () => {
  it("is what the node gives, and neither that nor what lies before it is run", async () => {
    const dir = await temporaryFolder();
    const { plain, pinned } = await pinnedTower(dir);
    expect(pinned.nodes.normalize?.pin?.outputs.pixels).toMatchObject({ type: "tensor", shape: [6, 3, 16, 16] });
    const { status, ran, outputs, error } = await runDocument(setParam(pinned, "data", "limit", 2), dir);
    expect([status, error]).toEqual(["done", undefined]);
    expect(ran.sort()).toEqual(["norm", "projector", "vision"]);
    expect(outputs.norm).toEqual((await runDocument(plain, dir)).outputs.norm);
  });

  it("that is not in the store, or is something else, is refused with what to do", async () => {
    const { pinned } = await pinnedTower(await temporaryFolder());
    const elsewhere = await runDocument(pinned, await temporaryFolder());
    expect(elsewhere.error?.message).toContain("The pinned result of Normalize is not in this installation's store.");
    const dir = await temporaryFolder();
    const ref = await keptIn(dir).blobs.put(new TextEncoder().encode("no JSON"));
    const pin = { ...pinned.nodes.normalize?.pin, ref } as never;
    expect((await runDocument(setPin(pinned, "normalize", pin), dir)).error?.hint).toContain("Unpin the node");
  });

  it("has a bound on its bytes", async () => {
    const dir = await temporaryFolder();
    const { blobs } = keptIn(dir);
    const value = { dtype: "uint8", shape: [1], ref: await blobs.put(new Uint8Array(1)) };
    const large = { ...blobs, size: async () => mostPinned };
    const node = tinyTower().nodes.normalize as GraphDocument["nodes"][string];
    const pinning = pinResult(
      { outputs: { pixels: { type: "tensor", value } }, previews: {} },
      node,
      tinyTower(),
      large,
    );
    await expect(pinning).rejects.toThrow(/The result has 257 MiB; a pinned one may have 256 MiB/);
  });
});

describe("a run with muted nodes", () => {
  it("skips them and what lies behind, and runs the rest", async () => {
    const muted = toggleOff(tinyTower(), ["projector"], "muted");
    const { status, ran, events, error } = await runDocument(muted, await temporaryFolder(), { targets: ["vision"] });
    expect([status, error]).toEqual(["done", undefined]);
    expect(ran).toContain("vision");
    expect(events.flatMap((event) => (event.kind === "node-skipped" ? [event.node] : []))).toEqual([
      "projector",
      "norm",
    ]);
    const asked = await runDocument(muted, await temporaryFolder(), { targets: ["norm"] });
    expect(asked.error?.message).toBe("L2 normalize lies behind a muted node, and so it is not run.");
    const nothing = await runDocument(muted, await temporaryFolder());
    expect(nothing.error?.message).toContain("All that the graph would run is muted");
  });

  it("runs a bypassed node as if it were not there", async () => {
    const bypassed = toggleOff(tinyTower(), ["norm"], "bypassed");
    const { status, outputs } = await runDocument(bypassed, await temporaryFolder());
    expect([status, Object.keys(outputs)]).toEqual(["done", expect.not.arrayContaining(["norm"])]);
  });
});
