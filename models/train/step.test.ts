import * as ort from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { numbers, runGraph } from "#tests/kit/check-op";
import { Graph } from "../onnx/graph";
import { opsOf } from "../onnx/ops/index";
import type { Optimizer } from "./optimizers";
import { builderOf } from "../blocks/builder";
import { crossEntropyLoss } from "../blocks/loss";
import { optimize } from "../onnx/passes/index";
import { trainStep } from "./step";

const scalar = (n: number) => new ort.Tensor("float32", [n], []);

/** Minimises Σ(w − target)²/2 for a 2×2 weight, whose gradient is w − target. */
function quadratic(optimizer: Optimizer, clipNorm = 0, clamp = {}) {
  const graph = new Graph();
  const op = opsOf(graph);
  const w = graph.parameter("w", [2, 2], { kind: "zeros" });
  const target = graph.input("target", "float32", [2, 2]);
  const gap = op.Sub(w, target);
  const loss = op.Mul(op.ReduceSum(op.Mul(gap, gap), { keepdims: 0 }), graph.constant([0.5]));
  return { graph, states: trainStep(graph, loss, { optimizer, clipNorm, clamp }) };
}

describe("a training step", () => {
  it("takes steps as long as the tensor with LAMB and LARS, whatever the gradient's size", async () => {
    const first = async (optimizer: Optimizer, size: number) => {
      const { graph, states } = quadratic(optimizer);
      const w = [3, 0, 0, 4];
      const target = w.map((x, i) => x - size * (i === 0 ? 1 : 0.5));
      const zeros = Object.fromEntries(
        states.map((s) => [s.name, new ort.Tensor("float32", new Float32Array(4), [2, 2])]),
      );
      const out = await runGraph(graph, {
        ...zeros,
        w: new ort.Tensor("float32", w, [2, 2]),
        target: new ort.Tensor("float32", target, [2, 2]),
        lr: scalar(0.1),
        step: scalar(1),
      });
      return Math.hypot(...numbers(out["next w"]).map((x, i) => x - (w[i] as number)));
    };
    for (const size of [0.01, 1, 100]) {
      expect(await first({ kind: "lamb", beta1: 0.9, beta2: 0.999, eps: 1e-12, weightDecay: 0 }, size)).toBeCloseTo(
        0.1 * 5,
        4,
      ); // lr · ‖w‖
      expect(await first({ kind: "lars", momentum: 0.9, weightDecay: 0, trust: 0.02 }, size)).toBeCloseTo(
        0.1 * 0.02 * 5,
        4,
      ); // lr · η · ‖w‖
    }
  });
  it("clips the global norm, reports it before clipping, and returns clamped parameters to their bounds", async () => {
    const { graph, states } = quadratic({ kind: "sgd", momentum: 0, nesterov: false, weightDecay: 0 }, 1, {
      w: [-0.4, 0.3],
    });
    const feeds = {
      w: new ort.Tensor("float32", new Float32Array(4), [2, 2]),
      target: new ort.Tensor("float32", [3, 0, 0, -4], [2, 2]),
      lr: scalar(1),
      step: scalar(1),
    };
    const out = await runGraph(graph, feeds);
    expect(numbers(out.grad_norm)[0]).toBeCloseTo(5, 5);
    const next = numbers(out[states[0]?.next as string]);
    expect(next[0]).toBeCloseTo(0.3, 5); // 3/5 clamped
    expect(next[3]).toBeCloseTo(-0.4, 5);
  });
  it("computes nothing for frozen parameters", () => {
    const build = (frozen: boolean) => {
      const graph = new Graph();
      const op = opsOf(graph);
      const x = graph.input("x", "float32", [4, 8]);
      const a = graph.parameter("a", [8, 8], { kind: "ones" });
      const b = graph.parameter("b", [8, 1], { kind: "ones" });
      const states = trainStep(graph, op.ReduceMean(op.MatMul(op.Relu(op.MatMul(x, a)), b), { keepdims: 0 }), {
        optimizer: { kind: "adamw", beta1: 0.9, beta2: 0.98, eps: 1e-6, weightDecay: 0.2 },
        clipNorm: 0,
        rateOf: (name) => (frozen && name === "a" ? 0 : 1),
      });
      return {
        states: states.map((s) => s.name),
        gemms: graph.nodes.filter((n) => n.op === "Gemm" || n.op === "MatMul").length,
      };
    };
    expect(build(true)).toEqual({ states: ["b", "b#m", "b#v"], gemms: 3 });
    expect(build(false).gemms).toBe(5);
  });
  it("of a classifier keeps of all that is as large as the scores their exponentials alone", () => {
    const graph = new Graph();
    const [rows, width, classes] = [5, 3, 11] as const;
    const w = graph.parameter("w", [width, classes], { kind: "zeros" });
    const scores = opsOf(graph).MatMul(graph.input("x", "float32", [rows, width]), w);
    const labels = graph.input("labels", "int64", [rows]);
    trainStep(graph, crossEntropyLoss(builderOf(graph), scores, labels), {
      optimizer: { kind: "sgd", momentum: 0, nesterov: false, weightDecay: 0 },
      clipNorm: 0,
    });
    const large = optimize(graph).nodes.filter(({ outputs: [y] }) => y?.shape.join() === `${rows},${classes}`);
    // Each of these is written over the one before, but for the exponentials, which are made beside the scores.
    expect(large.map(({ op }) => op)).toEqual(["MatMul", "Sub", "Exp", "Mul", "ScatterElements"]);
  });
});
