/** Tiles' features through projector, packer and splice into scores: loss and gradients are PyTorch's. */
import { expect, it } from "vitest";
import { type Builder, builderOf, linear } from "#models/blocks/builder";
import { gradients } from "#models/onnx/differentiate";
import { Graph, type Value } from "#models/onnx/graph";
import { causalLm } from "#nodes/loss/causal-lm";
import { anyresPacker } from "#nodes/model/anyres-packer";
import { projector } from "#nodes/model/projector";
import { splice } from "#nodes/model/splice";
import { tokenEmbedding } from "#nodes/model/token-embedding";
import type { NodeDefinition } from "#nodes/core/node";
import fixture from "./fixtures/multimodal.json";
import { integers, numbers, runGraph, tensor } from "./kit/check-op";

const placeholder = -200;
const [rows, length] = [fixture.ids.length, fixture.ids[0]?.length ?? 0];
const tokens = fixture.index[0]?.length ?? 0;

/** The graph of the loss, with the projector's parameters fixed where they are frozen, as a trainer has them. */
function lossOf(frozen: boolean) {
  const graph = new Graph();
  const plain = builderOf(graph, true);
  const weight: Builder["weight"] = (name, shape, init) => {
    const value = plain.weight(name, shape, init);
    return frozen && name.startsWith("layers.") ? plain.op.StopGradient(value) : value;
  };
  const builder: Builder = { ...plain, weight };
  const build = (node: NodeDefinition, inputs: Record<string, Value>, params: object) =>
    node.build?.({ ...builder, inputs, params: params as never }) as Record<string, Value>;
  const features = graph.input("features", "float32", fixture.features.shape);
  const ids = graph.input("ids", "int64", [rows, length]);
  const { embedding } = build(projector, { features }, { width: 5, layers: 2, bias: true });
  const layout = {
    counts: graph.input("counts", "int64", [rows]),
    index: graph.input("index", "int64", [rows, tokens, 4]),
    shares: graph.input("shares", "float32", [rows, tokens, 4]),
  };
  const packed = build(anyresPacker, { features: embedding as Value, ...layout }, {});
  const words = build(tokenEmbedding, { ids }, { vocabulary: 9, width: 5, placeholder });
  const spliced = build(
    splice,
    { ids, embeddings: words.embeddings as Value, tokens: packed.tokens as Value },
    { placeholder },
  );
  // Each place sees all before it, as in a decoder.
  const seen = builder.op.CumSum(spliced.embeddings as Value, { along: 1 });
  const logits = linear(builder, "proj", seen, 9, { bias: false });
  const labels = graph.input("labels", "int64", [rows, length]);
  const { loss } = build(causalLm, { logits, labels }, { average: "token", smoothing: 0 });
  graph.output("loss", loss as Value);
  const targets = [features, ...graph.parameters.map(({ value }) => value)];
  for (const [name, gradient] of gradients(graph, loss as Value, targets)) graph.output(`d ${name}`, gradient);
  return graph;
}

const feeds = () => ({
  features: tensor("float32", fixture.features.data, fixture.features.shape),
  ids: integers(fixture.ids.flat(), [rows, length]),
  labels: integers(fixture.labels.flat(), [rows, length]),
  counts: integers(fixture.counts, [rows]),
  index: integers(fixture.index.flat(2), [rows, tokens, 4]),
  shares: tensor("float32", fixture.shares.flat(2), [rows, tokens, 4]),
  ...Object.fromEntries(
    Object.entries(fixture.weights).map(([name, { data, shape }]) => [name, tensor("float32", data, shape)]),
  ),
});

it("gives PyTorch's loss and gradients, in a batch whose rows have many tiles, none and few", async () => {
  const results = await runGraph(lossOf(false), feeds());
  expect(numbers(results.loss)[0]).toBeCloseTo(fixture.loss, 5);
  for (const [name, want] of Object.entries(fixture.gradients)) {
    const got = numbers(results[`d ${name}`]);
    expect(got.length, name).toBe(want.length);
    const size = Math.max(...want.map(Math.abs));
    const off = Math.max(...want.map((x, i) => Math.abs(x - (got[i] as number))));
    expect(off / size, name).toBeLessThan(1e-4);
  }
});

it("gives frozen parts none, and the others what they had", async () => {
  const results = await runGraph(lossOf(true), feeds());
  for (const name of ["layers.0.weight", "layers.1.bias"]) {
    expect(numbers(results[`d ${name}`]).every((x) => x === 0)).toBe(true);
  }
  const want = fixture.gradients.image_newline;
  const got = numbers(results["d image_newline"]);
  expect(Math.max(...want.map((x, i) => Math.abs(x - (got[i] as number))))).toBeLessThan(1e-5);
});
