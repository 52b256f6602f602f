import { expect, it } from "vitest";
import { builderOf } from "#models/blocks/builder";
import { ring } from "#models/blocks/ring";
import { timmEmbeddings } from "#models/blocks/timm-vit";
import { Graph } from "#models/onnx/graph";
import { otherRows } from "#nodes/core/other-rows";
import { check } from "#nodes/graph/check";
import { graph } from "#tests/kit/graphs";
import { meaninglessParts } from "./meaningless-parts";

it("tells of batches that are too small for another row, and too large for a queue", () => {
  const { graph: resolved } = check(graph({ negatives: ["model.hard-negatives"], queue: ["model.fifo-queue"] }));
  const lowered = new Graph();
  const embedding = lowered.input("embedding", "float32", ["batch", 4]);
  lowered.scope = "negatives";
  lowered.limit(otherRows("batch"));
  lowered.scope = "queue";
  const names = { name: "queued", pointer: "pointer", length: 6, init: { kind: "zeros" } } as const;
  ring(builderOf(lowered), embedding, names);
  const told = (batch: number) => meaninglessParts(lowered, { batch }, resolved);
  expect([2, 6].map(told)).toEqual([[], []]);
  expect(told(1)).toEqual([
    {
      node: "negatives",
      message: "Hard negatives gives each row another one of the batch, and there is 1 row: it would be given itself.",
      hint: "Take 2 rows or more in a batch.",
    },
  ]);
  expect(told(7)).toMatchObject([
    { node: "queue", message: "Queue of embeddings holds 6, and a batch has 7 rows, which do not fit." },
  ]);
});

it("tells of patches that leave a rest of a picture, unless positions were learned at another size", () => {
  const { graph: resolved } = check(graph({ vision: ["model.timm-vit"] }));
  const told = (patch: number, grid?: [number, number]) => {
    const lowered = new Graph();
    lowered.scope = "vision";
    const pixels = lowered.input("pixels", "float32", ["batch", 3, 32, 32]);
    timmEmbeddings(builderOf(lowered), pixels, { patch, width: 8, layers: 1, heads: 2, mlpRatio: 4, grid });
    return meaninglessParts(lowered, { batch: 2 }, resolved).map(({ message }) => message);
  };
  expect([told(8), told(7, [4, 4])]).toEqual([[], []]);
  expect(told(7)).toEqual(["ViT (timm) is given pictures of 32 × 32, which cannot be cut into patches of 7."]);
});
