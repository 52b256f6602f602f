import { expect, it } from "vitest";
import { check } from "#nodes/graph/check";
import { make } from "#nodes/graph/make-composite";
import { graph, tinyClip } from "../../tests/kit/graphs";
import { memoryChanges } from "./memory-changes";

const sizeOf = () => ({ width: 240, height: 120 });

/** The trainer's parameters behind each change, as far as they are others. */
function offered(trainer: Record<string, unknown>, failed?: string) {
  const document = tinyClip(trainer);
  const before = document.nodes.trainer?.params ?? {};
  return memoryChanges(check(document).graph.nodes, failed, sizeOf).map(({ change }) => {
    const after = change(document).nodes.trainer?.params ?? {};
    return Object.fromEntries(Object.entries(after).filter(([name, value]) => before[name] !== value));
  });
}

it("offers half the batch with twice the accumulation, computing again, and half precision", () => {
  expect(offered({ batch: 33, accumulate: 2 }, "trainer")).toEqual([
    { batch: 17, accumulate: 4 },
    { recompute: "*" },
    { precision: "float16" },
  ]);
});

it("offers nothing that is done already, and of a graph that trains nothing none", () => {
  expect(offered({ batch: 1, recompute: "vision", precision: "float16" })).toEqual([]);
  expect(memoryChanges(new Map(), "trainer", sizeOf)).toEqual([]);
});

it("quantizes the weights that a model which does not fit reads, within composites too, and no others", () => {
  const plain = graph(
    {
      checkpoint: ["weights.load"],
      kept: ["weights.save"],
      vision: ["model.vision-transformer"],
      projector: ["model.projector"],
    },
    [
      "checkpoint.weights -> kept.weights",
      "checkpoint.weights -> vision.weights",
      "checkpoint.weights -> projector.weights",
      "vision.features -> projector.features",
    ],
  );
  const { document: tower } = make(plain, ["vision", "projector"], { title: "Tower" }) as { document: typeof plain };
  for (const [document, failed, fed] of [
    [plain, "vision", ["vision"]],
    [plain, undefined, ["projector", "vision"]],
    [tower, "tower/vision", ["tower"]],
  ] as const) {
    const [first, ...others] = memoryChanges(check(document).graph.nodes, failed, sizeOf);
    expect([first?.label, others]).toEqual(["Quantize the weights", []]);
    const { nodes, wires } = first?.change(document) ?? document;
    expect(nodes.quantize?.type).toBe("weights.quantize");
    const from = (id: string) => wires.filter((wire) => wire.from.node === id).map(({ to }) => to.node);
    expect(from("quantize").sort()).toEqual(fed);
    expect(from("checkpoint")).toContain("kept");
    expect(from("checkpoint")).toContain("quantize");
    for (const id of fed) expect(from("checkpoint")).not.toContain(id);
  }
});
