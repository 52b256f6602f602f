/**
 * Makes what ships in models/checkpoints (NAME.safetensors, NAME.tokenizer.json, NAME.onnx) by running NAME.train.json
 * with Patchbay itself: `npm run train:checkpoint -- clip-emoji` takes about an hour on two cores, `fashion-vit` ten
 * minutes. Killed and started again, it goes on from its last checkpoint.
 *
 * `small-lmm` becomes a folder: the adapter as PEFT has it, and the projector, both in half precision. It needs what
 * `patchbay fetch smollm2` and `patchbay fetch easy-vqa` bring, and about an hour.
 */
import { spawnSync } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSafetensors, toFloat32, writeSafetensors } from "#models/files/safetensors";

const name = process.argv[2] ?? "clip-emoji";
const folder = "models/checkpoints";
const out = await mkdtemp(join(tmpdir(), "patchbay-checkpoint-"));
const document = join(folder, `${name}.train.json`);
const command = ["scripts/program.mjs", "server/cli.ts", "run", document, "--out", out];
const { status } = spawnSync(process.execPath, command, { stdio: "inherit" });
if (status !== 0) process.exit(status ?? 1);

const made = await readdir(out);
const isAdapter = made.includes("adapter_config.json");
for (const file of [`${name}.safetensors`, `${name}.onnx`]) {
  if (made.includes(file) && !isAdapter) await copyFile(join(out, file), join(folder, file));
}
if (isAdapter) await keepAdapter(join(folder, name));
else if (made.includes("tokenizer.tokenizer.json")) {
  const { json } = JSON.parse(await readFile(join(out, "tokenizer.tokenizer.json"), "utf8")) as { json: unknown };
  await writeFile(join(folder, `${name}.tokenizer.json`), `${JSON.stringify(json)}\n`);
}

/** The adapter and the projector of a training, without the weights that stayed what they were. */
async function keepAdapter(target: string): Promise<void> {
  await mkdir(target, { recursive: true });
  await copyFile(join(out, "adapter_config.json"), join(target, "adapter_config.json"));
  await keepHalf("adapter_model.safetensors", join(target, "adapter_model.safetensors"), () => true);
  await keepHalf(`${name}.safetensors`, join(target, "projector.safetensors"), (tensor) =>
    tensor.startsWith("projector."),
  );
}

/** Those tensors of a file that are kept, as float16. */
async function keepHalf(file: string, target: string, isKept: (tensor: string) => boolean): Promise<void> {
  const { tensors, metadata } = readSafetensors(await readFile(join(out, file)));
  const kept = [...tensors].filter(([tensor]) => isKept(tensor));
  const numbers = kept.map(([tensor, stored]) => ({
    name: tensor,
    shape: stored.shape,
    data: toFloat32(stored, tensor),
  }));
  await writeFile(target, writeSafetensors(numbers, { metadata, dtype: "F16" }));
}
