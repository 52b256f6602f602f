/** llama.cpp by node-llama-cpp, on the GGUF file as it is. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { france, perSecond, promptOf, report, sizes, timed } from "./measure";
import { ggufName } from "./prepare";

interface Sequence {
  evaluate(tokens: number[], options: object): AsyncIterable<number>;
  clearHistory(): Promise<void>;
}
interface Context {
  getSequence(): Sequence;
  dispose(): Promise<void>;
}
/** What is used of the package, which is installed into the benchmark's folder alone. */
interface LlamaCpp {
  getLlama(options: object): Promise<{
    loadModel(options: object): Promise<{ createContext(options: object): Promise<Context> }>;
  }>;
}

const [folder = ""] = process.argv.slice(2);
const entry = pathToFileURL(join(folder, "node_modules", "node-llama-cpp", "dist", "index.js")).href;
const { getLlama } = (await import(entry)) as LlamaCpp;
const llama = await getLlama({ gpu: false, build: "never", maxThreads: 2, logLevel: "error" });
const model = await llama.loadModel({ modelPath: join(folder, ggufName) });
const contextFor = (sequences: number) =>
  model.createContext({ contextSize: 1088, sequences, threads: 2, batchSize: 512 });

/** Milliseconds of each step but the first ones, and the tokens. */
async function write(
  sequence: Sequence,
  prompt: number[],
  steps: number,
): Promise<{ times: number[]; tokens: number[] }> {
  await sequence.clearHistory();
  const times: number[] = [];
  const tokens: number[] = [];
  let last = performance.now();
  for await (const token of sequence.evaluate(prompt, { temperature: 0, yieldEogToken: true })) {
    const now = performance.now();
    times.push(now - last);
    last = now;
    if (tokens.push(token) > steps + sizes.warm) break;
  }
  return { times: times.slice(1 + sizes.warm), tokens };
}

const context = await contextFor(1);
const sequence = context.getSequence();
const { tokens } = await write(sequence, france, 6);
const prefill: number[] = [];
for (let i = 0; i < 4; i++) {
  await sequence.clearHistory();
  prefill.push(
    await timed(async () => {
      for await (const _ of sequence.evaluate(promptOf(sizes.prefill, i), { temperature: 0 })) break;
    }),
  );
}
const single = await write(sequence, promptOf(sizes.prompt), sizes.steps);
const late = await write(sequence, promptOf(sizes.late), sizes.steps / 2);
await context.dispose();
const several = await contextFor(sizes.rows);
const all = Array.from({ length: sizes.rows }, () => several.getSequence());
const rows = await Promise.all(all.map((one, i) => write(one, promptOf(sizes.prompt, i), sizes.steps / 2)));
report({
  decode: perSecond(1, single.times),
  decodeLate: perSecond(1, late.times),
  prefill: perSecond(sizes.prefill, prefill.slice(1)),
  batch: rows.reduce((sum, { times }) => sum + perSecond(1, times), 0),
  text: tokens.join(" "),
});
process.exit(0);
