/**
 * Where the time of a training step goes, by operation, by operation and shapes, and by node, from ONNX Runtime's own
 * profiler. Of each kernel the shortest of its times counts: what other work on the machine adds to some is left out.
 * `npm run bench:profile -- vit|clip [batch]`, or `-- TEMPLATE` for the step of a template's last trainer.
 */
import { readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as ort from "onnxruntime-node";
import type { Value } from "#models/onnx/graph";
import { toModel } from "#models/onnx/proto";
import { sizeOf } from "#models/onnx/shape";
import { random } from "#models/random";
import { compileProgram, type Part, type Program } from "#models/train/program";
import type { Tensor } from "#nodes/core/values";
import { initialise } from "#server/runtime/parameters";
import { sessionThreads, toOrt } from "#server/runtime/sessions";
import { clip, emojiClip, vit } from "./models";
import { stageOf } from "./systems/stage";
import { trainingSpec } from "./trainings";
import { median } from "./vit";

interface KernelEvent {
  cat: string;
  name: string;
  /** Microseconds. */
  dur: number;
  args?: { op_name?: string; input_type_shape?: Record<string, readonly number[]>[] };
}

const [name = "vit", size = "32"] = process.argv.slice(2);
const steps = 8;
const groups = 24;
const prefix = "patchbay-profile";
const { program, batch } = await programOf(name);
const { graph } = (program.parts as { step: Part }).step;

const times = await profiledSteps();
const events = shortest(await kernelEvents());
const total = events.reduce((sum, event) => sum + event.dur, 0);
const perStep = `${median(times).toFixed(1)} ms a step, of which ${(total / 1000).toFixed(1)} ms in kernels`;
console.log(`${name}: ${perStep}\n`);
printLargest((event) => event.args?.op_name ?? "");
console.log();
printLargest(withShapes);
console.log();
printLargest((event) => (event.name.includes("/") ? (event.name.split("/")[0] as string) : "made by the runtime"));

/** A model's step, with the batch that it is given where that is not drawn. */
async function programOf(model: string): Promise<{ program: Program; batch: ReadonlyMap<string, Tensor> }> {
  if (model !== "vit" && model !== "clip") {
    const { compile, batch } = await stageOf(model);
    return { program: compile(), batch };
  }
  const graph = model === "vit" ? vit() : clip(emojiClip);
  return { program: compileProgram(graph, trainingSpec(Number(size))), batch: new Map() };
}

/** The milliseconds of each step; the profile lies in the temporary folder then. */
async function profiledSteps(): Promise<number[]> {
  const session = await ort.InferenceSession.create(toModel(graph, { parameters: "inputs" }), {
    graphOptimizationLevel: "all",
    logSeverityLevel: 3,
    extra: { session: { set_denormal_as_zero: "1" } },
    enableProfiling: true,
    profileFilePrefix: join(tmpdir(), prefix),
    intraOpNumThreads: sessionThreads(),
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
    const given = batch.get(input.name);
    if (given) return [input.name, toOrt(given)];
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

/** One event for each kernel of the model. */
function shortest(all: readonly KernelEvent[]): KernelEvent[] {
  const kernels = new Map<string, KernelEvent>();
  for (const event of all) {
    const before = kernels.get(event.name);
    if (!before || event.dur < before.dur) kernels.set(event.name, event);
  }
  return [...kernels.values()];
}

function withShapes({ name: kernel, args }: KernelEvent): string {
  const shapes = (args?.input_type_shape ?? []).flatMap((input) => Object.values(input)).map((shape) => `[${shape}]`);
  const update = kernel.startsWith("optimizer/") ? "update: " : "";
  return `${update}${args?.op_name} ${shapes.slice(0, 3).join(" ")}`;
}

/** The groups of kernels that take the most time. */
function printLargest(groupOf: (event: KernelEvent) => string): void {
  const sums = new Map<string, { us: number; calls: number }>();
  for (const event of events) {
    const sum = sums.get(groupOf(event)) ?? { us: 0, calls: 0 };
    sums.set(groupOf(event), { us: sum.us + event.dur, calls: sum.calls + 1 });
  }
  for (const [group, { us, calls }] of [...sums].sort(([, a], [, b]) => b.us - a.us).slice(0, groups)) {
    const share = ((100 * us) / total).toFixed(1).padStart(5);
    const milliseconds = (us / 1000).toFixed(2).padStart(8);
    console.log(`${group.padEnd(60)} ${share} %  ${milliseconds} ms  ${String(calls).padStart(5)} calls`);
  }
}
