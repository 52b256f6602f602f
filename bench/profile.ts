/**
 * Where the time of a training step goes, by operation and by node, from ONNX Runtime's own profiler.
 * `npm run bench:profile -- vit|clip [batch]`
 */
import { readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as ort from "onnxruntime-node";
import type { Value } from "#models/onnx/graph";
import { toModel } from "#models/onnx/proto";
import { sizeOf } from "#models/onnx/shape";
import { random } from "#models/random";
import { compileProgram, type Part } from "#models/train/program";
import { initialise } from "#server/runtime/parameters";
import { clip, emojiClip, vit } from "./models";
import { trainingSpec } from "./trainings";
import { median } from "./vit";

interface KernelEvent {
  cat: string;
  name: string;
  /** Microseconds. */
  dur: number;
  args?: { op_name?: string };
}

const [name = "vit", size = "32"] = process.argv.slice(2);
const steps = 8;
const prefix = "patchbay-profile";
const program = compileProgram(name === "vit" ? vit() : clip(emojiClip), trainingSpec(Number(size)));
const { graph } = (program.parts as { step: Part }).step;

const times = await profiledSteps();
const events = await kernelEvents();
const total = events.reduce((sum, event) => sum + event.dur, 0);
const perStep = `${median(times).toFixed(1)} ms a step, of which ${(total / steps / 1000).toFixed(1)} ms in kernels`;
console.log(`${name}, batch ${size}: ${perStep}\n`);
printLargest((event) => event.args?.op_name ?? "");
console.log();
printLargest((event) => (event.name.includes("/") ? (event.name.split("/")[0] as string) : "made by the runtime"));

/** The milliseconds of each step; the profile lies in the temporary folder then. */
async function profiledSteps(): Promise<number[]> {
  const session = await ort.InferenceSession.create(toModel(graph, { parameters: "inputs" }), {
    graphOptimizationLevel: "all",
    logSeverityLevel: 3,
    extra: { session: { set_denormal_as_zero: "1" } },
    enableProfiling: true,
    profileFilePrefix: join(tmpdir(), prefix),
  });
  let feeds = drawnFeeds();
  const milliseconds: number[] = [];
  for (let i = 0; i < steps; i++) {
    const start = performance.now();
    const out = await session.run(feeds);
    milliseconds.push(performance.now() - start);
    const next = program.states.map((state) => [state.name, out[state.next] as ort.Tensor]);
    feeds = { ...feeds, ...Object.fromEntries(next) };
  }
  session.endProfiling();
  return milliseconds;
}

function drawnFeeds(): Record<string, ort.Tensor> {
  const draw = random("profile");
  const inits = new Map(graph.parameters.map((p) => [p.name, p.init]));
  const numbersFor = (input: Value, count: number): Float32Array | BigInt64Array => {
    const init = inits.get(input.name);
    if (input.dtype === "int64") return BigInt64Array.from({ length: count }, () => BigInt(draw.below(1999)));
    if (init) return initialise(init, count, 0, input.name);
    if (input.name.includes("#")) return new Float32Array(count); // an optimizer's state
    return Float32Array.from({ length: count }, () => (count === 1 ? 1e-4 : draw.normal()));
  };
  const inputs = [...graph.inputs, ...graph.parameters.map((p) => p.value)];
  const entries = inputs.map((input) => {
    const data = numbersFor(input, sizeOf(input.shape));
    return [input.name, new ort.Tensor(input.dtype as "float32", data as Float32Array, input.shape as number[])];
  });
  return Object.fromEntries(entries);
}

async function kernelEvents(): Promise<KernelEvent[]> {
  const files = (await readdir(tmpdir())).filter((file) => file.startsWith(prefix)).sort();
  const latest = join(tmpdir(), files.at(-1) as string);
  const all = JSON.parse(await readFile(latest, "utf8")) as KernelEvent[];
  await rm(latest);
  return all.filter((event) => event.cat === "Node" && event.name.endsWith("_kernel_time"));
}

/** The fourteen groups of kernels that take the most time. */
function printLargest(groupOf: (event: KernelEvent) => string): void {
  const sums = new Map<string, { us: number; calls: number }>();
  for (const event of events) {
    const sum = sums.get(groupOf(event)) ?? { us: 0, calls: 0 };
    sums.set(groupOf(event), { us: sum.us + event.dur, calls: sum.calls + 1 });
  }
  for (const [group, { us, calls }] of [...sums].sort(([, a], [, b]) => b.us - a.us).slice(0, 14)) {
    const share = ((100 * us) / total).toFixed(1).padStart(5);
    const milliseconds = (us / steps / 1000).toFixed(2).padStart(8);
    console.log(`${group.padEnd(30)} ${share} %  ${milliseconds} ms  ${String(calls / steps).padStart(5)} calls`);
  }
}
