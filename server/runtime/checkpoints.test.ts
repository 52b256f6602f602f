import { execFile } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeEach, describe, expect, it } from "vitest";
import { readSafetensors } from "#models/files/safetensors";
import { temporaryFolder } from "#tests/kit/run-node";
import { Checkpoints } from "./checkpoints";

let dir: string;
beforeEach(async () => {
  dir = await temporaryFolder();
});

/** What a training of three tensors would save. */
const state = (step: number) => ({
  step,
  tensors: [
    { name: "p/a", shape: [4], data: Float32Array.of(step, 1, -0, 1e-42) },
    { name: "p/b", shape: [2, 2], data: Float32Array.of(2, 3, 4, Number.NaN) },
    { name: "adam.m/b", shape: [4], data: Float32Array.of(5, 6, 7, 8) },
  ],
  history: new Map([["loss", [0.1, Number.NaN, 0.3]]]),
});
const numbersOf = (tensors: ReadonlyMap<string, Float32Array>) => [...tensors].map(([name, data]) => [name, [...data]]);
const expected = (step: number) => state(step).tensors.map(({ name, data }) => [name, [...data]]);

describe("checkpoints of a training", () => {
  it("lie in several files above a size, and are read bit by bit", async () => {
    const checkpoints = new Checkpoints(dir, 1, 20);
    await checkpoints.save(state(1));
    await checkpoints.save(state(2));
    expect((await readdir(dir)).sort()).toEqual([
      "manifest.json",
      "step-2-1-of-4.safetensors",
      "step-2-2-of-4.safetensors",
      "step-2-3-of-4.safetensors",
      "step-2-4-of-4.safetensors",
    ]);
    const { checkpoint, damage } = await checkpoints.load();
    expect(damage).toEqual([]);
    expect(checkpoint?.step).toBe(2);
    expect(numbersOf(checkpoint?.tensors ?? new Map())).toEqual(expected(2));
    expect([...(checkpoint?.history.get("loss") ?? [])]).toEqual([0.1, Number.NaN, 0.3]);
    const { tensors } = readSafetensors(await readFile(join(dir, "step-2-2-of-4.safetensors")));
    expect([...tensors.keys()]).toEqual(["p/b"]);
  });
  it("are passed over for the one before where a file of them is damaged or gone", async () => {
    const checkpoints = new Checkpoints(dir, 2, 20);
    await checkpoints.save(state(1));
    await checkpoints.save(state(2));
    const path = join(dir, "step-2-3-of-4.safetensors");
    const bytes = await readFile(path);
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
    await writeFile(path, bytes);
    const { checkpoint, damage } = await checkpoints.load();
    expect(checkpoint?.step).toBe(1);
    expect(damage).toEqual(["the file step-2-3-of-4.safetensors does not have the checksum that was written"]);
    await writeFile(path, "{");
    expect((await checkpoints.load()).damage).toEqual(damage);
  });
  it("that were written as one file by an older version are read", async () => {
    await new Checkpoints(dir).save(state(7));
    const path = join(dir, "manifest.json");
    const [{ files, ...rest }] = JSON.parse(await readFile(path, "utf8")).checkpoints;
    await writeFile(path, JSON.stringify({ checkpoints: [{ ...rest, ...files[0] }] }));
    expect((await new Checkpoints(dir).load()).checkpoint?.step).toBe(7);
  });
  it("leave the one before, and nothing of their own, where they do not fit", async () => {
    await new Checkpoints(dir).save(state(1));
    // Files of at most 8 KiB: the second of the new ones is larger. A shell that ignores the signal gets an error.
    const script = `
      import { Checkpoints } from "#server/runtime/checkpoints";
      const tensors = [10, 10_000].map((n, i) => ({ name: "p/" + i, shape: [n], data: new Float32Array(n) }));
      const saved = new Checkpoints(${JSON.stringify(dir)}, 1, 100).save({ step: 2, tensors, history: new Map() });
      console.log(await saved.then(() => "saved", (error) => error.code));
    `;
    const node = `exec "${process.execPath}" --import tsx --input-type=module -e '${script}'`;
    const { stdout } = await promisify(execFile)("sh", ["-c", `trap "" XFSZ; ulimit -f 16; ${node}`]);
    expect(stdout.trim()).toBe("EFBIG");
    expect((await readdir(dir)).sort()).toEqual(["manifest.json", "step-1.safetensors"]);
    expect((await new Checkpoints(dir).load()).checkpoint?.step).toBe(1);
  });
});
