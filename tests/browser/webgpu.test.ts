import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { tinyClip } from "../kit/graphs";
import { temporaryFolder } from "../kit/run-node";

// Chromium ships a software Vulkan driver, on which onnxruntime's WebGPU provider really runs.
const driver = [
  join(dirname(process.env.CHROMIUM_PATH ?? ""), "vk_swiftshader_icd.json"),
  "/usr/lib/chromium/vk_swiftshader_icd.json",
].find((f) => existsSync(f));

const train = async (
  provider: string,
  trainer: Record<string, unknown> = {},
): Promise<{ provider: string; losses: number[] }> => {
  const dir = await temporaryFolder();
  const path = join(dir, "graph.json");
  await writeFile(path, JSON.stringify(tinyClip({ steps: 8, checkpoint: 3, ...trainer })));
  const stdout = await new Promise<string>((done, fail) =>
    execFile(
      process.execPath,
      ["scripts/program.mjs", "server/cli.ts", "run", path, "--json", "--provider", provider],
      {
        env: {
          ...process.env,
          PATCHBAY_DATA: join(dir, "data"),
          VK_DRIVER_FILES: driver,
          VK_ICD_FILENAMES: driver,
          XDG_RUNTIME_DIR: dir,
          LD_LIBRARY_PATH: dirname(driver as string),
        },
      },
      (error, out, err) => (error ? fail(new Error(`${out}\n${err}`)) : done(out)),
    ),
  );
  const { provider: used, outputs } = JSON.parse(stdout);
  return {
    provider: used,
    losses: outputs.trainer.curve.lines.find((l: { name: string }) => l.name === "loss").values,
  };
};

const agree = (a: readonly number[], b: readonly number[]) => {
  expect(a).toHaveLength(b.length);
  for (const [i, loss] of a.entries()) expect(Math.abs(loss - (b[i] as number)) / (b[i] as number)).toBeLessThan(5e-3);
};

describe.skipIf(!driver)("WebGPU", () => {
  it("trains with the CPU's numbers, and is what auto chooses where it opens", async () => {
    const [cpu, gpu] = [await train("cpu"), await train("auto")];
    expect([cpu.provider, gpu.provider]).toEqual(["cpu", "webgpu"]);
    agree(gpu.losses, cpu.losses);
  });
  it("trains in chunks, and says when it has no half precision", async () => {
    const chunked = { steps: 3, chunk: 4, accumulate: 2 };
    agree((await train("webgpu", chunked)).losses, (await train("cpu", chunked)).losses);
    await expect(train("webgpu", { steps: 2, precision: "float16" })).rejects.toThrow(
      "This GPU cannot compute in half precision.",
    );
  });
});
