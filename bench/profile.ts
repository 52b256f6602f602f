/** Where the time of a training step goes, by operation and by node, from ONNX Runtime's own profiler. `npm run bench:profile -- vit|clip [batch]` */
import { readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as ort from "onnxruntime-node";
import { sizeOf } from "#models/onnx/shape";
import { toModel } from "#models/onnx/proto";
import { random } from "#models/random";
import { compileProgram, type Part } from "#models/train/program";
import { initialise } from "#server/runtime/parameters";
import { clip, emojiClip, vit } from "./models";

const [name = "vit", size = "32"] = process.argv.slice(2);
const steps = 8;
const { parts, states } = compileProgram(name === "vit" ? vit() : clip(emojiClip), {
  optimizer: { kind: "adamw", beta1: 0.9, beta2: 0.98, eps: 1e-6, weightDecay: 0.1 },
  clipNorm: 1,
  batch: Number(size),
  accumulate: 1,
  chunk: 0,
});
const { graph } = (parts as { step: Part }).step;
const draw = random("profile");
const inits = new Map(graph.parameters.map((p) => [p.name, p.init]));
let feeds: Record<string, ort.Tensor> = Object.fromEntries(
  [...graph.inputs, ...graph.parameters.map((p) => p.value)].map(({ name, dtype, shape }) => {
    const n = sizeOf(shape);
    const init = inits.get(name);
    const data =
      dtype === "int64"
        ? BigInt64Array.from({ length: n }, () => BigInt(draw.below(1999)))
        : init
          ? initialise(init, n, 0, name)
          : name.includes("#")
            ? new Float32Array(n)
            : Float32Array.from({ length: n }, () => (n === 1 ? 1e-4 : draw.normal()));
    return [name, new ort.Tensor(dtype as "float32", data as Float32Array, shape as number[])];
  }),
);
const session = await ort.InferenceSession.create(toModel(graph, { parameters: "inputs" }), {
  graphOptimizationLevel: "all",
  logSeverityLevel: 3,
  extra: { session: { set_denormal_as_zero: "1" } },
  enableProfiling: true,
  profileFilePrefix: join(tmpdir(), "patchbay-profile"),
});
const times: number[] = [];
for (let i = 0; i < steps; i++) {
  const start = performance.now();
  const out = await session.run(feeds);
  times.push(performance.now() - start);
  feeds = { ...feeds, ...Object.fromEntries(states.map((s) => [s.name, out[s.next] as ort.Tensor])) };
}
session.endProfiling();
const file = join(
  tmpdir(),
  (await readdir(tmpdir()))
    .filter((f) => f.startsWith("patchbay-profile"))
    .sort()
    .at(-1) as string,
);
const events = (
  JSON.parse(await readFile(file, "utf8")) as { cat: string; name: string; dur: number; args?: { op_name?: string } }[]
).filter((e) => e.cat === "Node" && e.name.endsWith("_kernel_time"));
await rm(file);
const total = events.reduce((n, e) => n + e.dur, 0);
const table = (keyOf: (e: (typeof events)[number]) => string) => {
  const sums = new Map<string, { us: number; calls: number }>();
  for (const e of events) {
    const sum = sums.get(keyOf(e)) ?? { us: 0, calls: 0 };
    sums.set(keyOf(e), { us: sum.us + e.dur, calls: sum.calls + 1 });
  }
  for (const [what, { us, calls }] of [...sums].sort(([, a], [, b]) => b.us - a.us).slice(0, 14))
    console.log(
      `${what.padEnd(30)} ${((100 * us) / total).toFixed(1).padStart(5)} %  ${(us / steps / 1000).toFixed(2).padStart(8)} ms  ${String(calls / steps).padStart(5)} calls`,
    );
};
console.log(
  `${name}, batch ${size}: ${times.toSorted((a, b) => a - b)[steps >> 1]?.toFixed(1)} ms a step, of which ${(total / steps / 1000).toFixed(1)} ms in kernels\n`,
);
table((e) => e.args?.op_name ?? "");
console.log();
table((e) => (e.name.includes("/") ? (e.name.split("/")[0] as string) : "made by the runtime"));
