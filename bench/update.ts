/**
 * What an optimizer's update costs: the share of a step (ViT of 11 M parameters, batch 64, clipping) that goes away
 * when nothing but the gradient is computed, of its time and of the processor's. The steps run in turns, in this run.
 * `npm run bench:update -- [batch] [rounds] [optimizer …]`
 */
import * as ort from "onnxruntime-node";
import { gradients } from "#models/onnx/differentiate";
import type { Value } from "#models/onnx/graph";
import { opsOf } from "#models/onnx/ops/index";
import { rewrite } from "#models/onnx/rewrite";
import { optimize } from "#models/onnx/passes/index";
import { toModel } from "#models/onnx/proto";
import type { Optimizer } from "#models/train/optimizers";
import { batchSymbol, type Part } from "#models/train/program";
import { vit } from "./models";
import { adamw, feedsOf, median, sleepyOptions, vitStep } from "./vit";

const words = process.argv.slice(2);
const [batch = 64, rounds = 12] = words.filter((word) => !Number.isNaN(Number(word))).map(Number);
const names = words.filter((word) => Number.isNaN(Number(word)));
const optimizers: Record<string, Optimizer> = {
  sgd: { kind: "sgd", momentum: 0, nesterov: false, weightDecay: 0 },
  adamw,
  lion: { kind: "lion", beta1: 0.9, beta2: 0.99, weightDecay: 0.1 },
  lamb: { ...adamw, kind: "lamb" },
  lars: { kind: "lars", momentum: 0.9, weightDecay: 0.1, trust: 0.001 },
  adafactor: { kind: "adafactor", weightDecay: 0.1 },
};

const steps = await Promise.all(
  ["none", ...(names.length ? names : ["sgd", "adamw"])].map(async (name) => {
    const optimizer = optimizers[name];
    const step = optimizer ? vitStep(batch, { optimizer }) : gradientsOnly();
    const session = await ort.InferenceSession.create(toModel(step.graph, { parameters: "inputs" }), sleepyOptions);
    return { name, states: step.states, feeds: feedsOf(step), session, wall: [] as number[], work: [] as number[] };
  }),
);
for (let round = 0; round < rounds + 2; round++) {
  for (const { states, feeds, session, wall, work } of steps) {
    const start = performance.now();
    const before = process.cpuUsage();
    const out = await session.run(feeds);
    const { user, system } = process.cpuUsage(before);
    for (const s of states) feeds[s.name] = out[s.next] as ort.Tensor;
    if (round < 2) continue; // the first rounds allocate
    wall.push(performance.now() - start);
    work.push((user + system) / 1000);
  }
}
const [none] = steps as [(typeof steps)[0]];
const share = (base: readonly number[], times: readonly number[]) =>
  Number((1 - median(base) / median(times)).toFixed(3));
for (const { name, wall, work } of steps) {
  console.log(
    JSON.stringify({
      bench: "update",
      model: `ViT 6×384, 65 tokens, batch ${batch}, ${name}`,
      ms: Math.round(median(wall)),
      workMs: Math.round(median(work)),
      share: share(none.wall, wall),
      shareOfWork: share(none.work, work),
      goal: 0.1,
    }),
  );
}

/** The gradients alone. The runtime leaves out what nobody reads, so their sizes are read, as clipping does. */
function gradientsOnly(): Part {
  const graph = optimize(rewrite(vit(), { sizes: { [batchSymbol]: batch } }));
  const op = opsOf(graph);
  const parameters = graph.parameters.map((p) => p.value);
  const all = [...gradients(graph, graph.outputs.get("loss") as Value, parameters).values()];
  const squares = all.map((gradient) => op.ReduceSumSquare(gradient, { keepdims: 0 }));
  graph.output("grad_norm", op.Sqrt(squares.reduceRight((a, b) => op.Add(a, b))));
  return { graph: optimize(graph), states: [] };
}
