import { describe, expect, it } from "vitest";
import { type Checkpoint, openCheckpointIn } from "./checkpoint";
import { writeSafetensors } from "./safetensors";

const text = (value: unknown) => new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
const shard = (...names: string[]) =>
  writeSafetensors(names.map((name) => ({ name, dtype: "BF16", shape: [2], data: Uint8Array.of(1, 2, 3, 4) })));
const index = (weights: Record<string, unknown>) => text({ metadata: { total_size: 8 }, weight_map: weights });

/** Opens what stands for a folder, and notes which ranges are read. */
function openFolder(files: Record<string, Uint8Array>, entry?: string) {
  const reads: [string, number, number][] = [];
  const open = async (name: string) => {
    const bytes = files[name];
    const read = async (start: number, end: number) => {
      reads.push([name, start, end]);
      return (bytes as Uint8Array).subarray(start, end);
    };
    return bytes && { size: bytes.length, read };
  };
  return { reads, opened: openCheckpointIn(Object.keys(files), open, entry) };
}
const places = ({ tensors }: Checkpoint) => [...tensors].map(([name, { file }]) => `${name} ${file}`);

describe("a checkpoint in a folder", () => {
  const [one, two] = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
  const sharded = { [one]: shard("a", "b"), [two]: shard("c") };
  const map = { c: two, a: one, b: one };

  it("is what its index names, and no number of it is read", async () => {
    const folder = openFolder({ ...sharded, "model.safetensors.index.json": index(map), "config.json": text("{}") });
    const checkpoint = await folder.opened;
    expect(places(checkpoint)).toEqual([`c ${two}`, `a ${one}`, `b ${one}`]);
    const { start, ...address } = checkpoint.tensors.get("b") as never as { start: number };
    expect(address).toEqual({ file: one, dtype: "BF16", shape: [2], end: sharded[one]?.length });
    const headerEnd = start - 4;
    expect(folder.reads.filter(([name, , end]) => name === one && end > headerEnd)).toEqual([]);
  });
  it("is its only file, or shards without an index, or what is named", async () => {
    expect(places(await openFolder({ "x.safetensors": shard("a") }).opened)).toEqual(["a x.safetensors"]);
    expect(places(await openFolder(sharded).opened)).toEqual([`a ${one}`, `b ${one}`, `c ${two}`]);
    const several = { "x.safetensors": shard("a"), "y.safetensors": shard("a") };
    await expect(openFolder(several).opened).rejects.toThrow("several: x.safetensors, y.safetensors");
    expect(places(await openFolder(several, "y.safetensors").opened)).toEqual(["a y.safetensors"]);
    expect(places(await openFolder({ ...several, "model.safetensors": shard("m") }).opened)).toEqual([
      "m model.safetensors",
    ]);
  });
  it("is refused where its index is wrong, with the file and the field", async () => {
    const withIndex = (weights: unknown) => {
      const bytes = weights instanceof Uint8Array ? weights : index(weights as {});
      return openFolder({ ...sharded, "model.safetensors.index.json": bytes }).opened;
    };
    for (const file of [
      "../../etc/passwd",
      "/etc/passwd",
      "a/b.safetensors",
      "..\\x.safetensors",
      "C:x.safetensors",
      7,
    ])
      await expect(withIndex({ a: file })).rejects.toThrow(/“weight_map” of “model.safetensors.index.json” lays “a”/);
    await expect(withIndex({ z: one })).rejects.toThrow(`says that “z” lies in “${one}”, which it does not`);
    await expect(withIndex({ a: "gone.safetensors" })).rejects.toThrow("the file “gone.safetensors” is missing");
    await expect(withIndex(text({ weight_map: [] }))).rejects.toThrow("has no “weight_map”");
    await expect(withIndex(text(null))).rejects.toThrow("has no “weight_map”");
    await expect(withIndex(text(`{"weight_map":{"a":"${one}","a":"${two}"}}`))).rejects.toThrow("names a tensor twice");
    await expect(withIndex(text("[".repeat(9e5)))).rejects.toThrow("nested too deeply");
  });
  it("is refused with the name of the file whose header lies, or that holds what another one holds", async () => {
    const lying = writeSafetensors([{ name: "c", dtype: "F32", shape: [1], data: new Uint8Array(4) }]).slice(0, -1);
    await expect(openFolder({ ...sharded, [two]: lying }).opened).rejects.toThrow(
      `The file “${two}” cannot be read: "c" ends at byte`,
    );
    await expect(openFolder({ ...sharded, [two]: shard("a") }).opened).rejects.toThrow(
      `both “${one}” and “${two}” hold a tensor “a”`,
    );
    await expect(openFolder({ "readme.md": text("") }).opened).rejects.toThrow("holds no .safetensors file");
  });
});
