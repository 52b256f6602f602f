import * as ort from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { numbers, runGraph } from "#tests/kit/check-op";
import { random } from "../random";
import { Graph } from "../onnx/graph";
import { opsOf } from "../onnx/ops/index";
import type { Optimizer } from "./optimizers";
import { scheduleAt } from "./schedules";
import { trainStep } from "./step";

/** Torch's update rules, written plainly in float64, to compare the graph with. */
const reference: { [K in Exclude<Optimizer["kind"], "lamb" | "lars">]: (o: Extract<Optimizer, { kind: K }>, s: { p: number; m: number; v: number }, g: number, lr: number, t: number) => void } = {
  adamw(o, s, g, lr, t) {
    s.p -= lr * o.weightDecay * s.p;
    s.m += (1 - o.beta1) * (g - s.m);
    s.v = o.beta2 * s.v + (1 - o.beta2) * g * g;
    s.p -= (lr / (1 - o.beta1 ** t)) * (s.m / (Math.sqrt(s.v / (1 - o.beta2 ** t)) + o.eps));
  },
  adam(o, s, g, lr, t) {
    const d = g + o.weightDecay * s.p;
    s.m = o.beta1 * s.m + (1 - o.beta1) * d;
    s.v = o.beta2 * s.v + (1 - o.beta2) * d * d;
    s.p -= (lr * s.m) / (1 - o.beta1 ** t) / (Math.sqrt(s.v / (1 - o.beta2 ** t)) + o.eps);
  },
  sgd(o, s, g, lr, t) {
    const d = g + o.weightDecay * s.p;
    s.m = t === 1 ? d : o.momentum * s.m + d;
    s.p -= lr * (o.nesterov ? d + o.momentum * s.m : s.m);
  },
  lion(o, s, g, lr) {
    s.p -= lr * o.weightDecay * s.p + lr * Math.sign(o.beta1 * s.m + (1 - o.beta1) * g);
    s.m = o.beta2 * s.m + (1 - o.beta2) * g;
  },
};

const scalar = (n: number) => new ort.Tensor("float32", [n], []);

/** Minimises Σ(w − target)²/2 for a 2×2 weight, whose gradient is w − target. */
function quadratic(optimizer: Optimizer, clipNorm = 0, clamp = {}) {
  const graph = new Graph(), op = opsOf(graph), w = graph.parameter("w", [2, 2], { kind: "zeros" }), target = graph.input("target", "float32", [2, 2]);
  const gap = op.Sub(w, target), loss = op.Mul(op.ReduceSum(op.Mul(gap, gap), { keepdims: 0 }), graph.constant([0.5]));
  return { graph, states: trainStep(graph, loss, { optimizer, clipNorm, clamp }) };
}

describe("a training step", () => {
  const optimizers: Optimizer[] = [
    { kind: "adamw", beta1: 0.9, beta2: 0.98, eps: 1e-6, weightDecay: 0.2 },
    { kind: "adam", beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0.1 },
    { kind: "sgd", momentum: 0, nesterov: false, weightDecay: 0.01 },
    { kind: "sgd", momentum: 0.9, nesterov: false, weightDecay: 0 },
    { kind: "sgd", momentum: 0.9, nesterov: true, weightDecay: 0.01 },
    { kind: "lion", beta1: 0.9, beta2: 0.99, weightDecay: 0.1 },
  ];
  it.each(optimizers)("follows the published update over 30 steps: %o", async (optimizer) => {
    const { graph, states } = quadratic(optimizer), draw = random("step");
    const target = Float32Array.from({ length: 4 }, () => draw.normal()), expected = [...target].map(() => ({ p: 0, m: 0, v: 0 }));
    let feeds: Record<string, ort.Tensor> = Object.fromEntries(states.map((s) => [s.name, new ort.Tensor("float32", new Float32Array(4), [2, 2])]));
    for (let t = 1; t <= 30; t++) {
      const lr = 0.05 * scheduleAt({ kind: "cosine", warmup: 5, floor: 0 }, t, 30);
      const out = await runGraph(graph, { ...feeds, target: new ort.Tensor("float32", target, [2, 2]), lr: scalar(lr), step: scalar(t) });
      feeds = Object.fromEntries(states.map((s) => [s.name, out[s.next] as ort.Tensor]));
      for (const [i, s] of expected.entries()) reference[optimizer.kind as keyof typeof reference](optimizer as never, s, s.p - (target[i] as number), lr, t);
    }
    for (const [i, x] of numbers(feeds.w).entries()) expect(x).toBeCloseTo(expected[i]?.p as number, 5);
  });
  it("takes steps as long as the tensor with LAMB and LARS, whatever the gradient's size", async () => {
    const first = async (optimizer: Optimizer, size: number) => {
      const { graph, states } = quadratic(optimizer), w = [3, 0, 0, 4], target = w.map((x, i) => x - size * (i === 0 ? 1 : 0.5));
      const zeros = Object.fromEntries(states.map((s) => [s.name, new ort.Tensor("float32", new Float32Array(4), [2, 2])]));
      const out = await runGraph(graph, { ...zeros, w: new ort.Tensor("float32", w, [2, 2]), target: new ort.Tensor("float32", target, [2, 2]), lr: scalar(0.1), step: scalar(1) });
      return Math.hypot(...numbers(out["next w"]).map((x, i) => x - (w[i] as number)));
    };
    for (const size of [0.01, 1, 100]) {
      expect(await first({ kind: "lamb", beta1: 0.9, beta2: 0.999, eps: 1e-12, weightDecay: 0 }, size)).toBeCloseTo(0.1 * 5, 4); // lr · ‖w‖
      expect(await first({ kind: "lars", momentum: 0.9, weightDecay: 0, trust: 0.02 }, size)).toBeCloseTo(0.1 * 0.02 * 5, 4); // lr · η · ‖w‖
    }
  });
  it("clips the global norm, reports the norm before clipping, and returns clamped parameters to their bounds", async () => {
    const { graph, states } = quadratic({ kind: "sgd", momentum: 0, nesterov: false, weightDecay: 0 }, 1, { w: [-0.4, 0.3] });
    const feeds = { w: new ort.Tensor("float32", new Float32Array(4), [2, 2]), target: new ort.Tensor("float32", [3, 0, 0, -4], [2, 2]), lr: scalar(1), step: scalar(1) };
    const out = await runGraph(graph, feeds);
    expect(numbers(out.grad_norm)[0]).toBeCloseTo(5, 5);
    const next = numbers(out[states[0]?.next as string]);
    expect(next[0]).toBeCloseTo(0.3, 5); // 3/5 clamped
    expect(next[3]).toBeCloseTo(-0.4, 5);
  });
  it("computes nothing for frozen parameters", () => {
    const build = (frozen: boolean) => {
      const graph = new Graph(), op = opsOf(graph), x = graph.input("x", "float32", [4, 8]);
      const a = graph.parameter("a", [8, 8], { kind: "ones" }), b = graph.parameter("b", [8, 1], { kind: "ones" });
      const states = trainStep(graph, op.ReduceMean(op.MatMul(op.Relu(op.MatMul(x, a)), b), { keepdims: 0 }), { optimizer: optimizers[0] as Optimizer, clipNorm: 0, rateOf: (name) => (frozen && name === "a" ? 0 : 1) });
      return { states: states.map((s) => s.name), gemms: graph.nodes.filter((n) => n.op === "Gemm" || n.op === "MatMul").length };
    };
    expect(build(true)).toEqual({ states: ["b", "b#m", "b#v"], gemms: 3 });
    expect(build(false).gemms).toBe(5);
  });
});

describe("a schedule", () => {
  it("warms up linearly and falls to its floor", () => {
    const at = (kind: "cosine" | "linear" | "step" | "constant", step: number) => scheduleAt({ kind, warmup: 10, floor: 0.1 }, step, 110);
    expect([at("cosine", 1), at("cosine", 10), at("cosine", 60), at("cosine", 110)].map((x) => Number(x.toFixed(6)))).toEqual([0.1, 1, 0.55, 0.1]);
    expect([at("step", 59), at("step", 61), at("step", 99)].map((x) => Number(x.toFixed(6)))).toEqual([1, 0.19, 0.109]);
    expect([at("linear", 60), at("linear", 110), at("constant", 99)].map((x) => Number(x.toFixed(6)))).toEqual([0.55, 0.1, 1]);
  });
});
