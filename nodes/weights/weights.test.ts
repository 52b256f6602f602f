import { describe, expect, it } from "vitest";
import { readSafetensors, type StoredTensor, toFloat32, writeSafetensors } from "#models/files/safetensors";
import { runNode, testHost } from "#tests/kit/run-node";
import { freeze } from "./freeze";
import { load } from "./load";
import { save } from "./save";

describe("weights", () => {
  it("are saved, in half precision too, and loaded", async () => {
    const host = await testHost();
    const ref = await host.put(writeSafetensors([{ name: "a.w", shape: [2], data: Float32Array.of(1.5, -2) }]));
    const { file } = await runNode(save, { weights: { ref } }, { precision: "float16", name: "mine" }, host);
    expect(file.name).toBe("mine.safetensors");
    const { weights } = await runNode(load, {}, { source: "upload", file: { ref: file.ref } }, host);
    expect([
      ...toFloat32(readSafetensors(await host.get(weights.ref as string)).tensors.get("a.w") as StoredTensor),
    ]).toEqual([1.5, -2]);
  });
  it("refuse a damaged checkpoint with the reason", async () => {
    const host = await testHost();
    const ref = await host.put(Uint8Array.of(9, 9, 9));
    await expect(runNode(load, {}, { source: "upload", file: { ref } }, host)).rejects.toThrow(
      "The checkpoint cannot be read: it has 3 bytes",
    );
  });
  it("cannot be saved when there are none", async () =>
    await expect(runNode(save, { weights: { seed: 1 } })).rejects.toThrow("nothing to save"));
  it("freeze by pattern, on top of what is frozen", async () => {
    expect((await runNode(freeze, { weights: { frozen: ["a.*"] } }, { names: "b.*\n c " })).weights.frozen).toEqual([
      "a.*",
      "b.*",
      "c",
    ]);
  });
});
