import { describe, expect, it } from "vitest";
import { builderOf } from "#models/blocks/builder";
import { gradients } from "#models/onnx/differentiate";
import { Graph, type Value } from "#models/onnx/graph";
import { numbers, runGraph } from "#tests/kit/check-op";
import { floats, ids, runTensorNode } from "#tests/kit/run-node";
import { toOrt } from "#server/runtime/sessions";
import { crossEntropy } from "./cross-entropy";

const logits = floats([4, 3], [2, -1, 0.5, 0.1, 0.2, 0.3, -3, 4, 1, 1, 1, 1]);
const labels = ids([4], [0, 2, -100, 1]);
const loss = async (inputs: Record<string, ReturnType<typeof floats>>, params = {}) =>
  (await runTensorNode(crossEntropy, inputs, params)).outputs.loss?.data[0] as number;

// Expected values: torch.nn.functional.cross_entropy of PyTorch 2.15.
describe("cross-entropy", () => {
  it("leaves ignored rows out of the mean", async () =>
    expect(await loss({ logits, labels })).toBeCloseTo(0.78062218, 6));
  it("smooths labels over all classes", async () =>
    expect(await loss({ logits, labels }, { smoothing: 0.1 })).toBeCloseTo(0.83395553, 6));
  it("is ln C for equal logits, and 0 when every row is ignored", async () => {
    expect(await loss({ logits: floats([1, 3], [5, 5, 5]), labels: ids([1], [1]) })).toBeCloseTo(Math.log(3), 6);
    expect(await loss({ logits: floats([1, 3], [1, 2, 3]), labels: ids([1], [-100]) })).toBeCloseTo(0);
  });
  it("has PyTorch's gradient", async () => {
    const graph = new Graph();
    const x = graph.input("logits", "float32", [4, 3]);
    const y = graph.input("labels", "int64", [4]);
    const built = crossEntropy.build?.({
      ...builderOf(graph),
      inputs: { logits: x, labels: y },
      params: { smoothing: 0.1 },
    }) as { loss: Value };
    graph.output("dx", gradients(graph, built.loss, [x]).get("logits") as Value);
    const { dx } = await runGraph(graph, { logits: toOrt(logits), labels: toOrt(labels) });
    const expected = [
      -0.04924543, 0.00192641, 0.04731901, 0.08909208, 0.09963053, -0.18872264, 0, 0, 0, 0.09999999, -0.19999999,
      0.09999999,
    ];
    for (const [i, d] of numbers(dx).entries()) expect(d).toBeCloseTo(expected[i] as number, 6);
  });
});
