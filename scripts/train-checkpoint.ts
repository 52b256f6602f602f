/**
 * Makes what ships in models/checkpoints (NAME.safetensors, NAME.tokenizer.json, NAME.onnx) by running NAME.train.json
 * with Patchbay itself: `npm run train:checkpoint -- clip-emoji` takes about an hour on two cores, `fashion-vit` ten
 * minutes. Killed and started again, it goes on from its last checkpoint.
 */
import { spawnSync } from "node:child_process";
import { copyFile, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const name = process.argv[2] ?? "clip-emoji";
const folder = "models/checkpoints";
const out = await mkdtemp(join(tmpdir(), "patchbay-checkpoint-"));
const document = join(folder, `${name}.train.json`);
const command = ["--import", "tsx", "server/cli.ts", "run", document, "--out", out];
const { status } = spawnSync(process.execPath, command, { stdio: "inherit" });
if (status !== 0) process.exit(status ?? 1);

const made = await readdir(out);
for (const file of [`${name}.safetensors`, `${name}.onnx`]) {
  if (made.includes(file)) await copyFile(join(out, file), join(folder, file));
}
if (made.includes("tokenizer.tokenizer.json")) {
  const { json } = JSON.parse(await readFile(join(out, "tokenizer.tokenizer.json"), "utf8")) as { json: unknown };
  await writeFile(join(folder, `${name}.tokenizer.json`), `${JSON.stringify(json)}\n`);
}
