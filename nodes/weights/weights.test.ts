import { realpath, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readSafetensors, type StoredTensor, toFloat32, writeSafetensors } from "#models/files/safetensors";
import { openBlobs } from "#server/storage/blobs";
import { runNode, temporaryFolder, testHost } from "#tests/kit/run-node";
import { freeze } from "./freeze";
import { load } from "./load";
import { merge } from "./merge";
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
  it("are those of a model of the hub, at a revision", async () => {
    const folder = await temporaryFolder();
    const tensors = [{ name: "a.w", shape: [1], data: Float32Array.of(3) }];
    await writeFile(join(folder, "model.safetensors"), writeSafetensors(tensors));
    const asked: unknown[] = [];
    const hubChoice = { source: "hub", model: "owner/name ", revision: "v1" } as const;
    const host = {
      ...(await testHost({ folders: [folder] })),
      async hubFolder(...wanted: unknown[]) {
        asked.push(wanted);
        return { folder, commit: "c".repeat(40) };
      },
    };
    const { weights } = await runNode(load, {}, { ...hubChoice, token: "hub" }, host);
    expect(asked).toEqual([["owner/name", "v1", "model", "hub"]]);
    expect([...readSafetensors(await host.get(weights.ref as string)).tensors.keys()]).toEqual(["a.w"]);
    await expect(runNode(load, {}, { source: "hub" }, host)).rejects.toThrow("No model is named.");
  });
  const bytes = (n: number) => Uint8Array.from({ length: n }, (_, i) => (i * 91 + 7) % 256);
  /** What nodes do not read, of types that they cannot. */
  const carried = [
    { name: "position_ids", dtype: "I64", shape: [3], data: bytes(24) },
    { name: "__proto__", dtype: "BOOL", shape: [2], data: bytes(2) },
    { name: "", dtype: "U32", shape: [1], data: bytes(4) },
    { name: "scale", dtype: "F4", shape: [4], data: bytes(2) },
    { name: "later", dtype: "F7_NEW", shape: [4], data: bytes(3) },
  ];
  const stored = (bytes: Uint8Array) => [...readSafetensors(bytes).tensors].map(([name, t]) => ({ name, ...t }));
  it("carry tensors of every type through loading, saving and merging, bit by bit", async () => {
    const host = await testHost();
    const half = { name: "h", dtype: "BF16", shape: [1], data: Uint8Array.of(0x80, 0x3f) };
    const file = writeSafetensors([...carried, half], { metadata: { format: "pt" } });
    const { weights } = await runNode(load, {}, { source: "upload", file: { ref: await host.put(file) } }, host);
    const saved = await runNode(save, { weights }, {}, host);
    expect(await host.get(saved.file.ref)).toEqual(Buffer.from(file));
    for (const [precision, dtype, data] of [
      ["float32", "F32", Uint8Array.of(0, 0, 0x80, 0x3f)],
      ["float16", "F16", Uint8Array.of(0, 0x3c)],
    ] as const) {
      const rounded = await runNode(save, { weights }, { precision }, host);
      expect(stored(await host.get(rounded.file.ref))).toEqual([...carried, { ...half, dtype, data }]);
    }
    const adapted = writeSafetensors([
      ...carried,
      { name: "w", shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
      { name: "w.lora_A", shape: [2, 1], data: Float32Array.of(1, 2) },
      { name: "w.lora_B", shape: [1, 2], data: Float32Array.of(3, 5) },
    ]);
    const ref = await host.put(adapted);
    const merged = await runNode(merge, { weights: { ref, lora: [{ rank: 1, alpha: 2, targets: ["w"] }] } }, {}, host);
    const sum = new Uint8Array(Float32Array.of(7, 12, 15, 24).buffer);
    const result = stored(await host.get(merged.weights.ref as string));
    expect(result).toEqual([...carried, { name: "w", dtype: "F32", shape: [2, 2], data: sum }]);
  });
  it("cannot be merged without the adapters' scale, or with another rank", async () => {
    const host = await testHost();
    const list = [
      { name: "w", shape: [2, 2], data: new Float32Array(4) },
      { name: "w.lora_A", shape: [2, 1], data: new Float32Array(2) },
      { name: "w.lora_B", shape: [1, 2], data: new Float32Array(2) },
    ];
    const ref = await host.put(writeSafetensors(list));
    await expect(runNode(merge, { weights: { ref } }, {}, host)).rejects.toThrow(
      "by what the adapter of “w” is scaled",
    );
    const lora = [{ rank: 2, alpha: 2, targets: ["w"] }];
    await expect(runNode(merge, { weights: { ref, lora } }, {}, host)).rejects.toThrow("which is not of rank 2");
  });
  it("are looked through for NaN and infinity when they are loaded, masks aside", async () => {
    const warnings: string[] = [];
    const host = await testHost({ onWarn: (message) => warnings.push(message) });
    const mask = Float32Array.of(0, Number.NEGATIVE_INFINITY);
    const list = [
      { name: "mask", shape: [2], data: mask },
      { name: "a", shape: [2], data: Float32Array.of(1, Number.NaN) },
      { name: "b", shape: [1], data: Float32Array.of(Number.POSITIVE_INFINITY) },
      { name: "c", shape: [1], data: Float32Array.of(3e38) },
    ];
    const ref = await host.put(writeSafetensors(list));
    await runNode(load, {}, { source: "upload", file: { ref } }, host);
    expect(warnings).toEqual([expect.stringContaining("“a” (1 of 2), “b” (1 of 1) are NaN or infinite")]);
    const fine = await host.put(writeSafetensors([list[0], list[3]].flatMap((t) => t ?? [])));
    await runNode(load, {}, { source: "upload", file: { ref: fine } }, host);
    expect(warnings).toHaveLength(1);
    const { weights } = await runNode(load, {}, { source: "upload", file: { ref: fine } }, host);
    await runNode(save, { weights }, { precision: "float16" }, host);
    expect(warnings[1]).toContain("Numbers of “c” are beyond 65,504");
  });
  it("in several files are loaded by their index, and saved as those files or in one", async () => {
    const host = await testHost();
    const shard = (name: string) => writeSafetensors([{ name, shape: [1], data: Float32Array.of(name.length) }]);
    const refs = await Promise.all(["w", "bias"].map((name) => host.put(shard(name))));
    const files = refs.map((ref, i) => ({ ref, path: `model-0000${i + 1}-of-00002.safetensors` }));
    const ref = await host.put(new TextEncoder().encode("{}"));
    const { weights } = await runNode(load, {}, { source: "upload", file: { ref, files } }, host);
    expect(weights).toEqual({ ref: refs[0], shards: [{ ref: refs[1] }] });
    const { file } = await runNode(save, { weights }, { name: "mine" }, host);
    expect(file.beside?.map((one) => [one.name, one.ref])).toEqual([
      ["mine-00001-of-00002.safetensors", refs[0]],
      ["mine-00002-of-00002.safetensors", refs[1]],
    ]);
    expect(JSON.parse(new TextDecoder().decode(await host.get(file.ref)))).toEqual({
      metadata: { total_size: file.beside?.reduce((sum, { bytes }) => sum + bytes, 0) },
      weight_map: { w: "mine-00001-of-00002.safetensors", bias: "mine-00002-of-00002.safetensors" },
    });
    const whole = await runNode(save, { weights }, { precision: "bfloat16" }, host);
    expect(whole.file.name).toBe("weights.safetensors");
    expect(stored(await host.get(whole.file.ref))).toEqual([
      { name: "w", dtype: "BF16", shape: [1], data: Uint8Array.of(0x80, 0x3f) },
      { name: "bias", dtype: "BF16", shape: [1], data: Uint8Array.of(0x80, 0x40) },
    ]);
  });
  it("of a folder are used where they lie, until a file of it changes", async () => {
    const folder = await temporaryFolder();
    const blobs = openBlobs(await temporaryFolder());
    const host = await testHost({ folders: [folder], blobs });
    const path = join(folder, "model.safetensors");
    await writeFile(path, writeSafetensors([{ name: "w", shape: [1], data: Float32Array.of(1) }]));
    const loaded = () => runNode(load, {}, { source: "folder", folder }, host);
    const { weights } = await loaded();
    const ref = weights.ref as string;
    expect(await realpath(blobs.path(ref))).toBe(await realpath(path));
    expect((await loaded()).weights).toEqual(weights);
    await writeFile(path, writeSafetensors([{ name: "wide", shape: [2], data: Float32Array.of(1, 2) }]));
    expect(await blobs.has(ref)).toBe(false);
    await expect(runNode(save, { weights }, {}, host)).rejects.toThrow(`${path} was changed or moved`);
    expect((await loaded()).weights.ref).not.toBe(ref);
    await expect(runNode(load, {}, { source: "folder", folder: "/etc" }, host)).rejects.toThrow("may not be read");
    await expect(runNode(load, {}, { source: "folder", folder, entry: "../x.safetensors" }, host)).rejects.toThrow(
      "is not in the folder",
    );
  });
  it("without a floating-point number are told", async () => {
    const warnings: string[] = [];
    const host = await testHost({ onWarn: (message) => warnings.push(message) });
    for (const list of [[], carried]) {
      const ref = await host.put(writeSafetensors(list));
      await runNode(load, {}, { source: "upload", file: { ref } }, host);
    }
    expect(warnings).toEqual([
      "The checkpoint holds no tensor.",
      expect.stringContaining("None of the checkpoint's 5 tensors holds floating-point numbers"),
    ]);
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
