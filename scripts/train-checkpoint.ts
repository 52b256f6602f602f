/**
 * Makes what ships in models/checkpoints (NAME.safetensors, NAME.tokenizer.json, NAME.onnx) by running NAME.train.json with Patchbay itself:
 * `npm run train:checkpoint -- clip-emoji` takes about an hour on two cores, `fashion-vit` ten minutes. Killed and started again, it goes on
 * from its last checkpoint.
 */
import { spawnSync } from "node:child_process";
import { copyFile, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const name = process.argv[2] ?? "clip-emoji";
const folder = "models/checkpoints";
const out = await mkdtemp(join(tmpdir(), "patchbay-checkpoint-"));
const run = spawnSync(
  process.execPath,
  ["--import", "tsx", "server/cli.ts", "run", join(folder, `${name}.train.json`), "--out", out],
  { stdio: "inherit" },
);
if (run.status !== 0) process.exit(run.status ?? 1);
for (const file of await readdir(out)) {
  if (file === `${name}.safetensors` || file === `${name}.onnx`) await copyFile(join(out, file), join(folder, file));
  if (file !== "tokenizer.tokenizer.json") continue;
  const { json } = JSON.parse(await readFile(join(out, file), "utf8")) as { json: unknown };
  await writeFile(join(folder, `${name}.tokenizer.json`), `${JSON.stringify(json)}\n`);
}
