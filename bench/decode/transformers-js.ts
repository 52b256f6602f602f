/** transformers.js on the same weights: its own loop of `generate`, greedy. */
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { france, perSecond, promptOf, report, sizes, timed } from "./measure";

/** What is used of the package, which is installed into the benchmark's folder alone. */
interface Transformers {
  env: { allowRemoteModels: boolean; localModelPath: string };
  Tensor: new (type: string, data: BigInt64Array, shape: number[]) => unknown;
  AutoModelForCausalLM: {
    from_pretrained(
      name: string,
      options: object,
    ): Promise<{ generate(options: object): Promise<{ tolist(): bigint[][] }> }>;
  };
}

const [folder = "", precision = "float32"] = process.argv.slice(2);
const entry = createRequire(join(folder, "package.json")).resolve("@huggingface/transformers");
const { env, Tensor, AutoModelForCausalLM } = (await import(pathToFileURL(entry).href)) as Transformers;
env.allowRemoteModels = false;
env.localModelPath = folder;
const model = await AutoModelForCausalLM.from_pretrained("smollm2", {
  dtype: precision === "int4" ? "q4" : "fp32",
  device: "cpu",
  session_options: { intraOpNumThreads: 2 },
});

/** Milliseconds of each step but the first ones, and what was made. */
async function write(prompts: number[][], steps: number): Promise<{ times: number[]; rows: bigint[][] }> {
  const shape = [prompts.length, prompts[0]?.length ?? 0];
  const ends: number[] = [];
  const made = await model.generate({
    inputs: new Tensor("int64", BigInt64Array.from(prompts.flat(), BigInt), shape),
    attention_mask: new Tensor(
      "int64",
      BigInt64Array.from(prompts.flat(), () => 1n),
      shape,
    ),
    max_new_tokens: steps + sizes.warm + 1,
    do_sample: false,
    streamer: prompts.length === 1 ? { put: () => void ends.push(performance.now()), end: () => {} } : undefined,
  });
  const times = ends.slice(1).map((end, i) => end - (ends[i] as number));
  return { times: times.slice(1 + sizes.warm), rows: made.tolist() };
}

const { rows } = await write([france], 6);
const prefill: number[] = [];
for (let i = 0; i < 4; i++)
  prefill.push(
    await timed(() =>
      model.generate({
        inputs: new Tensor("int64", BigInt64Array.from(promptOf(sizes.prefill, i), BigInt), [1, sizes.prefill]),
        attention_mask: new Tensor("int64", new BigInt64Array(sizes.prefill).fill(1n), [1, sizes.prefill]),
        max_new_tokens: 1,
        do_sample: false,
      }),
    ),
  );
const single = await write([promptOf(sizes.prompt)], sizes.steps);
const late = await write([promptOf(sizes.late)], sizes.steps / 2);
// It streams one row alone, so that of several the time of a few steps more is taken.
const eight = Array.from({ length: sizes.rows }, (_, i) => promptOf(sizes.prompt, i));
const some = 12;
const short = await timed(() => write(eight, 1));
const long = await timed(() => write(eight, 1 + some));
report({
  decode: perSecond(1, single.times),
  decodeLate: perSecond(1, late.times),
  prefill: perSecond(sizes.prefill, prefill.slice(1)),
  batch: (1000 * sizes.rows * some) / (long - short),
  text: rows[0]?.slice(france.length).join(" "),
});
