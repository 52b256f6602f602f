/**
 * What an optimizer's update costs: the share of a step (ViT of 11 M parameters, batch 64, clipping) that goes away when nothing but the
 * gradient is computed. The steps run in turns, in this run. `npm run bench:update -- [batch] [rounds]`
 */
import * as ort from "onnxruntime-node";
import { gradients } from "#models/onnx/differentiate";
import { opsOf } from "#models/onnx/ops/index";
import { toModel } from "#models/onnx/proto";
import type { Optimizer } from "#models/train/optimizers";
import { type State, trainStep } from "#models/train/step";
import { median, options, vit } from "./vit";

const batch = Number(process.argv[2] ?? 64), rounds = Number(process.argv[3] ?? 12), adam = { beta1: 0.9, beta2: 0.98, eps: 1e-6, weightDecay: 0.1 };
const optimizers: Record<string, Optimizer | undefined> = {
  none: undefined,
  sgd: { kind: "sgd", momentum: 0, nesterov: false, weightDecay: 0 },
  adamw: { kind: "adamw", ...adam },
  lion: { kind: "lion", beta1: 0.9, beta2: 0.99, weightDecay: 0.1 },
  lamb: { kind: "lamb", ...adam },
  adafactor: { kind: "adafactor", weightDecay: 0.1 },
};

const steps = await Promise.all(Object.entries(optimizers).map(async ([name, optimizer]) => {
  const { graph, loss, feeds } = vit(batch);
  let states: State[] = [];
  if (optimizer) states = trainStep(graph, loss, { optimizer, clipNorm: 1 });
  else {
    // The runtime leaves out what nobody reads, so the gradients' sizes are read, as clipping does.
    const op = opsOf(graph), all = [...gradients(graph, loss, graph.parameters.map((p) => p.value)).values()];
    graph.output("loss", loss);
    graph.output("grad_norm", op.Sqrt(all.map((g) => op.ReduceSumSquare(g, { keepdims: 0 })).reduce((a, b) => op.Add(a, b))));
  }
  return { name, states, feeds: feeds(states), session: await ort.InferenceSession.create(toModel(graph, { parameters: "inputs" }), options), times: [] as number[] };
}));
for (let round = 0; round < rounds + 2; round++) {
  for (const { states, feeds, session, times } of steps) {
    const start = performance.now(), out = await session.run(feeds);
    if (round >= 2) times.push(performance.now() - start); // the first rounds allocate
    for (const s of states) feeds[s.name] = out[s.next] as ort.Tensor;
  }
}
const base = steps.find((s) => s.name === "none")?.times ?? [], share = (of: (times: readonly number[]) => number, times: readonly number[]) => Number((1 - of(base) / of(times)).toFixed(3));
for (const { name, times } of steps) {
  console.log(JSON.stringify({ bench: "update", model: `ViT 6×384, 65 tokens, batch ${batch}, ${name}`, medianMs: Math.round(median(times)), fastestMs: Math.round(Math.min(...times)), share: share(median, times), shareOfFastest: share((list) => Math.min(...list), times), goal: 0.1 }));
}
