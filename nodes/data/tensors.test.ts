import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { npyHeader } from "#models/files/npy-header";
import { writeSafetensors } from "#models/files/safetensors";
import { openFolders } from "#server/files/folders";
import { columnsIn } from "#server/files/look-into";
import { runNode, temporaryFolder, testHost } from "#tests/kit/run-node";
import { tensors } from "./tensors";

const bytesOf = (numbers: ArrayBufferView) => new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
const npy = (dtype: "float32" | "int64", shape: number[], numbers: ArrayBufferView): Uint8Array =>
  Buffer.concat([npyHeader(dtype, shape), bytesOf(numbers)]);
const matrix = npy("float32", [2, 3], Float32Array.of(1, 2, 3, 4, 5, 6));

/** A .npy whose head is what a test says. */
function withHead(words: string, body: Uint8Array = new Uint8Array(8)): Uint8Array {
  const lead = Buffer.from([0x93, ...Buffer.from("NUMPY"), 1, 0, words.length & 255, words.length >> 8]);
  return Buffer.concat([lead, Buffer.from(words), body]);
}

async function read(files: Record<string, Uint8Array>, pattern: string) {
  const folder = await temporaryFolder();
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(folder, name), bytes);
  const columns = await columnsIn(openFolders([folder]), folder, pattern);
  const host = await testHost({ folders: [folder] });
  const outputs = await runNode(tensors, {}, { folder, files: pattern, columns }, host);
  return { outputs: outputs as Record<string, unknown>, columns };
}

describe("tensors", () => {
  it("of NumPy files are read, several one behind the other", async () => {
    const more = npy("float32", [1, 3], Float32Array.of(7, 8, 9));
    const { outputs, columns } = await read({ "e-0.npy": matrix, "e-1.npy": more }, "e-*.npy");
    expect(columns).toEqual([{ name: "e-0", as: "float32", row: [3] }]);
    expect(outputs["e-0"]).toEqual({
      dtype: "float32",
      shape: [3, 3],
      data: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9),
    });
  });
  it("of an archive are read by name", async () => {
    const labels = npy("int64", [2], BigInt64Array.of(5n, -1n));
    const { outputs } = await read({ "a.npz": zipSync({ "x.npy": matrix, "y.npy": labels }, { level: 0 }) }, "a.npz");
    expect(outputs.x).toMatchObject({ shape: [2, 3] });
    expect(outputs.y).toEqual({ dtype: "int64", shape: [2], data: BigInt64Array.of(5n, -1n) });
  });
  it("of safetensors are read by name", async () => {
    const file = writeSafetensors([{ name: "w", shape: [2, 1], data: Float32Array.of(1, 2) }]);
    expect((await read({ "a.safetensors": file }, "a.safetensors")).outputs.w).toMatchObject({ shape: [2, 1] });
  });
  it.each([
    ["objects", withHead("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"), "holds Python objects"],
    [
      "more than there is",
      withHead("{'descr': '<f4', 'fortran_order': False, 'shape': (100000000000,), }"),
      "and there are 8",
    ],
    ["columns", withHead("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 2), }"), "lie column by column"],
    [
      "the large end first",
      withHead("{'descr': '>f4', 'fortran_order': False, 'shape': (2,), }"),
      "a type that is not read",
    ],
    [
      "a head that never ends",
      Buffer.from([0x93, ...Buffer.from("NUMPY"), 2, 0, 255, 255, 255, 255]),
      "4294967295 bytes",
    ],
    ["something else", Buffer.from("none at all, but long enough"), "It is no NumPy file"],
  ])("are refused that hold %s", async (_, bytes, reason) => {
    await expect(read({ "a.npy": bytes }, "a.npy")).rejects.toThrow(reason);
  });
  it.each([
    ["is packed, and may swell", zipSync({ "x.npy": new Uint8Array(2 ** 20) }), "“x.npy” in it is packed"],
    ["is cut off", zipSync({ "x.npy": matrix }, { level: 0 }).subarray(0, 100), "its end is missing"],
  ])("are refused of an archive that %s", async (_, bytes, reason) => {
    await expect(read({ "a.npz": bytes }, "a.npz")).rejects.toThrow(reason);
  });
});
