import * as ort from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { numbers } from "#tests/kit/check-op";
import fixture from "../../tests/fixtures/optimizers.json";
import { Graph } from "../onnx/graph";
import { opsOf } from "../onnx/ops/index";
import { toModel } from "../onnx/proto";
import { sizeOf } from "../onnx/shape";
import type { Optimizer } from "./optimizers";
import { scheduleAt } from "./schedules";
import { type State, trainStep, type UpdateSpec } from "./step";

const shapes = Object.entries(fixture.shapes);
/** The numbers of optimizers.py. */
const draw = (shape: readonly number[], salt: number): number[] =>
  Array.from({ length: sizeOf(shape) }, (_, i) => ((i * 7919 + salt * 104729 + 13) % 1000) / 500 - 1);
const tensor = (data: readonly number[], shape: readonly number[] = []) =>
  new ort.Tensor("float32", Float32Array.from(data), [...shape]);

/** A step whose loss is Σ w·g, so that an input g is each parameter's gradient. */
function stepOf(
  optimizer: Optimizer,
  groups: Pick<UpdateSpec, "rateOf" | "decayOf"> = {},
): { graph: Graph; states: State[] } {
  const graph = new Graph();
  const op = opsOf(graph);
  const terms = shapes.map(([name, shape]) =>
    op.ReduceSum(
      op.Mul(graph.parameter(name, shape, { kind: "zeros" }), graph.input(`${name} gradient`, "float32", shape)),
      { keepdims: 0 },
    ),
  );
  const loss = terms.reduce((a, b) => op.Add(a, b));
  return { graph, states: trainStep(graph, loss, { optimizer, clipNorm: 0, ...groups }) };
}

/** The states after some steps under warmup and cosine. */
async function train(
  { graph, states }: ReturnType<typeof stepOf>,
  steps: number,
  look: (t: number, state: Record<string, ort.Tensor>) => void,
): Promise<void> {
  const session = await ort.InferenceSession.create(toModel(graph, { parameters: "inputs" }), { logSeverityLevel: 3 });
  const start = (s: State) => shapes.findIndex(([name]) => name === s.name);
  let state: Record<string, ort.Tensor> = Object.fromEntries(
    states.map((s) => [
      s.name,
      tensor(start(s) < 0 ? new Array(sizeOf(s.shape)).fill(0) : draw(s.shape, 1000 + start(s)), s.shape),
    ]),
  );
  for (let t = 1; t <= steps; t++) {
    const lr = fixture.peak * scheduleAt({ kind: "cosine", warmup: 10, floor: 0 }, t, fixture.steps);
    const grads = Object.fromEntries(
      shapes.map(([name, shape], i) => [
        `${name} gradient`,
        tensor(
          draw(shape, 31 * t + i).map((x) => x * (1 + (t % 7))),
          shape,
        ),
      ]),
    );
    const out = await session.run({ ...state, ...grads, lr: tensor([lr]), step: tensor([t]) });
    state = Object.fromEntries(states.map((s) => [s.name, out[s.next] as ort.Tensor]));
    look(t, state);
  }
  await session.release();
}

describe("an optimizer", () => {
  it.each(fixture.cases)("moves matrices, vectors and scalars as its reference over 100 steps: $optimizer", async ({
    optimizer,
    after,
  }) => {
    await train(stepOf(optimizer as Optimizer, { decayOf: () => optimizer.weightDecay }), fixture.steps, (t, state) => {
      for (const [name, expected] of Object.entries(after[String(t) as keyof typeof after] ?? {})) {
        const actual = numbers(state[name]);
        const scale = Math.hypot(...expected);
        const error = Math.hypot(...actual.map((x, i) => x - (expected[i] as number)));
        expect(error / scale, `${name} after ${t} steps`).toBeLessThan(1e-6);
      }
    });
  });
});

describe("parameter groups", () => {
  const sgd: Optimizer = { kind: "sgd", momentum: 0, nesterov: false, weightDecay: 0.5 };
  it("multiply the learning rate and set the decay; 1-D tensors decay only when they are told to", async () => {
    const step = stepOf(sgd, {
      rateOf: (name) => (name === "matrix" ? 3 : 1),
      decayOf: (name) => (name === "vector" ? 0.25 : undefined),
    });
    const lr = fixture.peak / 10;
    await train(step, 1, (_, state) => {
      for (const [i, [name, shape]] of shapes.entries()) {
        const [w, g] = [draw(shape, 1000 + i), draw(shape, 31 + i).map((x) => x * 2)];
        const rate = name === "matrix" ? 3 : 1;
        const decay = { kernel: 0.5, matrix: 0.5, vector: 0.25, scalar: 0 }[name] as number;
        for (const [k, x] of numbers(state[name]).entries())
          expect(x).toBeCloseTo((w[k] as number) - lr * rate * ((g[k] as number) + decay * (w[k] as number)), 6);
      }
    });
  });
});

it("computes bias corrections once for all tensors that share them", () => {
  const { graph } = stepOf({ kind: "adamw", beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0 });
  const count = (op: string) => graph.nodes.filter((n) => n.op === op).length;
  expect({ Pow: count("Pow"), Div: count("Div") }).toEqual({ Pow: 2, Div: 1 + shapes.length });
});
