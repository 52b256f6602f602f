import * as ort from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { builderOf } from "#models/blocks/builder";
import { nextTokenLoss, nextTokenLossByRow, softTargetLoss } from "#models/blocks/loss";
import { random } from "#models/random";
import { integers, numbers, runGraph } from "#tests/kit/check-op";
import { gradients } from "../differentiate";
import { Graph, type OpNode, type Value } from "../graph";
import { opsOf } from "../ops/index";
import { print } from "../print";
import { optimize, passes } from "./index";
import { rowChunks } from "./row-chunks";

const [batch, length, width, vocabulary] = [3, 4, 5, 40] as const;
const rows = batch * length;
/** Chunks of three rows of scores, so that twelve rows are four chunks. */
const limit = 3 * vocabulary;

/** A head over hidden states, and what `lossOf` makes of its scores [B, L, V]. */
function headed(lossOf: (graph: Graph, logits: Value, hidden: Value) => Value): Graph {
  const graph = new Graph();
  const op = opsOf(graph);
  const hidden = graph.input("hidden", "float32", [batch, length, width]);
  const table = graph.parameter("table", [vocabulary, width], { kind: "zeros" });
  graph.output("loss", lossOf(graph, op.MatMul(hidden, op.Transpose(table, { perm: [1, 0] })), hidden));
  return optimize(graph);
}

const labelsOf = (graph: Graph): Value => graph.input("labels", "int64", [batch, length]);
const ofTokens = (graph: Graph, logits: Value) => nextTokenLoss(builderOf(graph), logits, labelsOf(graph));
const losses = {
  "by token": ofTokens,
  "smoothed, by row": (graph: Graph, logits: Value) =>
    nextTokenLossByRow(builderOf(graph), logits, labelsOf(graph), 0.1),
  "beside a teacher's scores": (graph: Graph, logits: Value, hidden: Value) => {
    const op = opsOf(graph);
    const teacher = graph.parameter("teacher", [vocabulary, width], { kind: "zeros" });
    const flat = (scores: Value) => op.Reshape(scores, { to: [rows, vocabulary] });
    const targets = op.Softmax(flat(op.MatMul(hidden, op.Transpose(teacher, { perm: [1, 0] }))), { axis: -1 });
    return op.ReduceMean(softTargetLoss(builderOf(graph), flat(logits), targets), { keepdims: 0 });
  },
};

const draw = random("row-chunks");
const normals = (...shape: number[]) =>
  new ort.Tensor(
    "float32",
    Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => draw.normal()),
    shape,
  );
const feeds: Record<string, ort.Tensor> = {
  hidden: normals(batch, length, width),
  table: normals(vocabulary, width),
  teacher: normals(vocabulary, width),
  labels: integers([5, 0, 39, 7, -100, 3, -100, 21, 11, -100, 8, 2], [batch, length]),
};

/** The loss and the gradients of the hidden states and of all parameters. */
async function differentiated(graph: Graph): Promise<Record<string, number[]>> {
  const hidden = graph.inputs.find((v) => v.name === "hidden") as Value;
  const targets = [hidden, ...graph.parameters.map((p) => p.value)];
  const grads = gradients(graph, graph.outputs.get("loss") as Value, targets);
  for (const [name, value] of grads) graph.output(`d ${name}`, value);
  const made = optimize(graph);
  const needed = [...made.inputs, ...made.parameters.map((p) => p.value)].map(({ name }) => name);
  const results = await runGraph(made, Object.fromEntries(needed.map((name) => [name, feeds[name] as ort.Tensor])));
  return Object.fromEntries(Object.entries(results).map(([name, value]) => [name, numbers(value)]));
}

const sized = (graph: Graph, count: number): OpNode[] =>
  graph.nodes.filter(({ outputs }) => outputs.some((y) => y.shape.join() === `${count},${vocabulary}`));

describe("a wide product in chunks of rows", () => {
  it.each(Object.entries(losses))("gives a loss %s and its gradients as in one", async (_, lossOf) => {
    const whole = await differentiated(headed(lossOf));
    const chunked = rowChunks(headed(lossOf), limit);
    expect(sized(chunked, rows)).toEqual([]);
    expect(sized(chunked, 3).length).toBeGreaterThan(0);
    const inChunks = await differentiated(chunked);
    expect(Object.keys(inChunks)).toEqual(Object.keys(whole));
    for (const [name, values] of Object.entries(whole)) {
      const apart = Math.hypot(...values.map((x, i) => x - (inChunks[name]?.[i] as number)));
      expect(apart, name).toBeLessThan(1e-6 * Math.hypot(...values));
    }
  });

  it("is finished with each chunk's gradient before the next one, as that asks for no other's scores", () => {
    const graph = rowChunks(headed(ofTokens), limit);
    const hidden = graph.inputs.find((v) => v.name === "hidden") as Value;
    const [gradient] = gradients(graph, graph.outputs.get("loss") as Value, [hidden]).values();
    graph.output("d hidden", gradient as Value);
    const step = optimize(graph);
    const last = sized(step, 3).filter(({ op }) => op === "ScatterElements");
    expect(last).toHaveLength(4);
    for (const node of last) expect(exponentialsBehind(step, node)).toBe(1);
    expect(sized(step, rows)).toEqual([]);
  });

  it("stays whole where its rows are few, or wide values are read in the end, or its rows meet", () => {
    const same = (lossOf: Parameters<typeof headed>[0], most = limit) => {
      const graph = passes["drop-dead"](passes.simplify(headed(lossOf)));
      expect(print(rowChunks(graph, most))).toBe(print(graph));
    };
    same((graph, logits) => opsOf(graph).Softmax(logits, { axis: -1 }));
    same((graph, logits) => opsOf(graph).ReduceMean(opsOf(graph).Exp(logits), { keepdims: 0 }));
    same((graph, logits) => {
      const op = opsOf(graph);
      const flat = op.Reshape(logits, { to: [rows, vocabulary] });
      return op.ReduceSum(op.Softmax(flat, { axis: 0 }), { axes: [1] });
    });
    const whole = headed(ofTokens);
    expect(sized(rowChunks(whole, rows * vocabulary), rows).length).toBeGreaterThan(0);
  });

  it("knows rows from columns where there are as many of both", async () => {
    const graph = new Graph();
    const op = opsOf(graph);
    const side = 32;
    const x = graph.input("x", "float32", [side, 3]);
    const w = graph.parameter("w", [3, side], { kind: "zeros" });
    const bias = graph.parameter("bias", [side], { kind: "zeros" });
    const scores = op.Add(op.Gemm(x, w, bias), bias);
    graph.output("y", op.ReduceMax(scores, { axes: [1], keepdims: 0 }));
    const chunked = rowChunks(graph, 8 * side);
    expect(chunked.nodes.filter((n) => n.op === "Gemm")).toHaveLength(4);
    const given = { x: normals(side, 3), w: normals(3, side), bias: normals(side) };
    const [whole, inChunks] = [await runGraph(graph, given), await runGraph(chunked, given)];
    expect(numbers(inChunks.y)).toEqual(numbers(whole.y));
  });
});

/** How many exponentials an op depends on. */
function exponentialsBehind(graph: Graph, node: OpNode): number {
  const seen = new Set([node]);
  for (const { inputs } of seen) {
    for (const maker of inputs.map((x) => graph.makerOf(x))) if (maker) seen.add(maker);
  }
  return [...seen].filter(({ op }) => op === "Exp").length;
}
