import { execFile } from "node:child_process";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { graph, runDocument } from "./kit/graphs";
import { temporaryFolder } from "./kit/run-node";

const document = graph(
  {
    data: ["data.mnist", { limit: 120, split: "test" }],
    resize: ["image.resize", { width: 64, height: 64 }],
    normalize: ["image.normalize"],
    export: ["output.export-tensor", { format: "npy" }],
  },
  ["data.image -> resize.image", "resize.image -> normalize.image", "normalize.pixels -> export.tensor"],
);

/** The command line with no room for files above so many KiB. */
async function runWith(kibibytes: number, data: string, target: string): Promise<{ code: unknown; said: string }> {
  const file = join(data, "graph.json");
  await writeFile(file, JSON.stringify(document));
  const command = `ulimit -f ${kibibytes}; exec "$0" scripts/program.mjs server/cli.ts run "$1" --target "$2"`;
  const args = ["-c", command, process.execPath, file, target];
  return new Promise((done) => {
    execFile("bash", args, { env: { ...process.env, PATCHBAY_DATA: data } }, (error, _stdout, said) => {
      done({ code: error?.code, said });
    });
  });
}

it.each([
  "normalize",
  "export",
])("%s without room fails with a sentence, and leaves nothing half-written", async (target) => {
  const data = await temporaryFolder();
  expect((await runDocument(document, data, { targets: ["data"] })).status).toBe("done");
  const { code, said } = await runWith(4000, data, target);
  expect(code).toBe(1);
  expect(said).toContain("The result is larger than files may be on this machine, so it could not be stored.");
  expect(await readdir(join(data, "blobs/tmp"))).toEqual([]);
  const again = await runDocument(document, data, { targets: [target] });
  expect([again.status, again.ran.includes("data")]).toEqual(["done", false]);
});
