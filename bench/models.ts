/** The models that are measured: a plain ViT, and CLIPs of two sizes, as documents and as tensor graphs. */
import { builderOf, layerNorm, linear } from "#models/blocks/builder";
import { transformer } from "#models/blocks/transformer";
import { Graph } from "#models/onnx/graph";
import { opsOf } from "#models/onnx/ops/index";
import { batchSymbol } from "#models/train/program";
import { check } from "#nodes/graph/check";
import type { GraphDocument } from "#nodes/graph/document";
import { lower } from "#nodes/graph/lower";
import { graph as documentOf } from "#tests/kit/graphs";

/**
 * Token features [batch, 65, 384] through blocks of 384, 11 M parameters in 6 of them, a mean-pooled square as loss:
 * the transformer alone.
 */
export function vit(layers = 6): Graph {
  const graph = new Graph();
  const builder = builderOf(graph);
  const op = opsOf(graph);
  const x = graph.input("x", "float32", [batchSymbol, 65, 384]);
  const block = { heads: 6, mlpRatio: 4, activation: "quick_gelu" } as const;
  const features = transformer(builder, linear(builder, "embed", x, 384), layers, block);
  const y = linear(builder, "head", layerNorm(builder, "ln", features), 64);
  graph.output("loss", op.ReduceMean(op.Mul(y, y), { keepdims: 0 }));
  return graph;
}

export interface ClipSizes {
  image: { size: number; patch: number; width: number; layers: number; heads: number };
  text: { vocabulary: number; length: number; width: number; layers: number; heads: number };
  embed: number;
}
export const emojiClip: ClipSizes = {
  image: { size: 32, patch: 4, width: 192, layers: 6, heads: 3 },
  text: { vocabulary: 2048, length: 16, width: 128, layers: 3, heads: 2 },
  embed: 128,
};
export const clipB32: ClipSizes = {
  image: { size: 224, patch: 32, width: 768, layers: 12, heads: 12 },
  text: { vocabulary: 49_408, length: 77, width: 512, layers: 12, heads: 8 },
  embed: 512,
};

/** CLIP's two towers and its loss as a graph document. Pixels and ids come from nodes that stand for the data. */
export function clipDocument({ image, text, embed }: ClipSizes, { limit = 64 } = {}): GraphDocument {
  const { size, ...vision } = image;
  const { length, ...tower } = text;
  return documentOf(
    {
      data: ["data.emoji", { limit }],
      resize: ["image.resize", { width: size, height: size }],
      pixels: ["image.normalize"],
      tokenizer: ["text.load-tokenizer"],
      ids: ["text.tokenize", { length }],
      vision: ["model.vision-transformer", { scope: "vision", ...vision }],
      text: ["model.text-transformer", { scope: "text", ...tower }],
      ip: ["model.projector", { scope: "ip", width: embed }],
      tp: ["model.projector", { scope: "tp", width: embed }],
      i: ["model.l2-normalize"],
      t: ["model.l2-normalize"],
      scorer: ["model.contrastive-scorer"],
      loss: ["loss.info-nce"],
      trainer: ["train.trainer", { steps: 1, warmup: 0, batch: 8, checkpoint: 1_000_000 }],
    },
    [
      "data.image -> resize.image",
      "resize.image -> pixels.image",
      "pixels.pixels -> vision.pixels",
      "data.name -> ids.text",
      "tokenizer.tokenizer -> ids.tokenizer",
      "ids.ids -> text.ids",
      "vision.features -> ip.features",
      "text.features -> tp.features",
      "ip.embedding -> i.embedding",
      "tp.embedding -> t.embedding",
      "i.embedding -> scorer.images",
      "t.embedding -> scorer.texts",
      "scorer.logits -> loss.logits",
      "loss.loss -> trainer.loss",
    ],
  );
}

/** The same as a tensor graph with inputs `pixels.pixels` and `ids.ids`. */
export function clip(sizes: ClipSizes): Graph {
  const { graph } = check(clipDocument(sizes));
  const { size } = sizes.image;
  const pixels = { dtype: "float32", shape: [batchSymbol, 3, size, size] } as const;
  const ids = { dtype: "int64", shape: [batchSymbol, sizes.text.length] } as const;
  const nodes = ["vision", "text", "ip", "tp", "i", "t", "scorer", "loss"];
  const lowered = lower(graph, nodes, ({ node }) => (node === "pixels" ? pixels : ids), { training: true });
  lowered.graph.output("loss", lowered.values.get("loss.loss") as never);
  return lowered.graph;
}
