/**
 * Makes models/checkpoints/NAME.safetensors and NAME.tokenizer.json by running NAME.train.json with Patchbay itself:
 * `npm run train:checkpoint -- clip-emoji`. About an hour on two cores; killed and started again, it goes on from its last checkpoint.
 */
import { spawnSync } from "node:child_process";
import { copyFile, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const name = process.argv[2] ?? "clip-emoji", folder = "models/checkpoints", out = await mkdtemp(join(tmpdir(), "patchbay-checkpoint-"));
const run = spawnSync(process.execPath, ["--import", "tsx", "server/cli.ts", "run", join(folder, `${name}.train.json`), "--out", out], { stdio: "inherit" });
if (run.status !== 0) process.exit(run.status ?? 1);
await copyFile(join(out, `${name}.safetensors`), join(folder, `${name}.safetensors`));
const { json } = JSON.parse(await readFile(join(out, "tokenizer.tokenizer.json"), "utf8")) as { json: unknown };
await writeFile(join(folder, `${name}.tokenizer.json`), `${JSON.stringify(json)}\n`);
