/** Graphs in short, run on folders of their own; and a CLIP small enough to train in a test. */
import { join } from "node:path";
import { type GraphDocument, graphDocument } from "#nodes/graph/document";
import type { RunEvent } from "#nodes/graph/events";
import { execute, type ExecuteOptions, type ExecuteResult } from "#server/runtime/execute";
import { openBlobs } from "#server/storage/blobs";

/** A graph in short: nodes as [type, params], wires as "node.port -> node.port". */
export function graph(
  nodes: Record<string, [type: string, params?: Record<string, unknown>]>,
  wires: readonly string[] = [],
): GraphDocument {
  const endpoint = (text: string) => {
    const [node = "", port = ""] = text.split(".");
    return { node, port };
  };
  return graphDocument.parse({
    schema: 1,
    name: "test",
    nodes: Object.fromEntries(Object.entries(nodes).map(([id, [type, params = {}]]) => [id, { type, params }])),
    wires: wires.map((wire) => {
      const [from = "", to = ""] = wire.split(" -> ");
      return { from: endpoint(from), to: endpoint(to) };
    }),
  });
}

/** What an execution needs that keeps all it makes in a folder, on the CPU. */
export const keptIn = (folder: string) => ({
  blobs: openBlobs(join(folder, "blobs")),
  cacheDir: join(folder, "cache"),
  scratch: join(folder, "scratch"),
  signal: new AbortController().signal,
  provider: "cpu" as const,
});

/** Runs on a folder of its own, speaking of what ran and what was cached. */
export async function runDocument(
  document: GraphDocument,
  dir: string,
  options: Partial<ExecuteOptions> = {},
): Promise<ExecuteResult & { events: RunEvent[]; number(node: string, port: string): number }> {
  const events: RunEvent[] = [];
  const result = await execute({
    document,
    ...keptIn(dir),
    ...options,
    onEvent: (e) => {
      events.push(e);
      options.onEvent?.(e);
    },
  });
  return { ...result, events, number: (node, port) => result.outputs[node]?.[port]?.value as number };
}

const towers = { patch: 8, width: 32, layers: 1, heads: 2 };
/** A CLIP that learns 24 drawings in a second. */
export const tinyClip = (trainer: Record<string, unknown> = {}): GraphDocument =>
  graph(
    {
      data: ["data.emoji", { vendors: ["openmoji", "fluent"], limit: 48 }],
      resize: ["image.resize", { width: 16, height: 16 }],
      augment: ["image.augment", {}],
      normalize: ["image.normalize", {}],
      tokenizer: ["text.train-tokenizer", { vocabulary: 560 }],
      describe: ["text.describe", {}],
      tokenize: ["text.tokenize", { length: 8 }],
      vision: ["model.vision-transformer", { scope: "vision", ...towers }],
      text: ["model.text-transformer", { scope: "text", vocabulary: 560, width: 32, layers: 1, heads: 2 }],
      image_projector: ["model.projector", { scope: "ip", width: 16 }],
      text_projector: ["model.projector", { scope: "tp", width: 16 }],
      image_norm: ["model.l2-normalize"],
      text_norm: ["model.l2-normalize"],
      scorer: ["model.contrastive-scorer"],
      loss: ["loss.info-nce"],
      trainer: ["train.trainer", { steps: 12, batch: 8, warmup: 2, lr: 0.003, checkpoint: 4, ...trainer }],
    },
    [
      "data.image -> resize.image",
      "resize.image -> augment.image",
      "augment.image -> normalize.image",
      "normalize.pixels -> vision.pixels",
      "data.name -> tokenizer.text",
      "data.name -> describe.name",
      "data.keywords -> describe.keywords",
      "describe.text -> tokenize.text",
      "tokenizer.tokenizer -> tokenize.tokenizer",
      "tokenize.ids -> text.ids",
      "vision.features -> image_projector.features",
      "text.features -> text_projector.features",
      "image_projector.embedding -> image_norm.embedding",
      "text_projector.embedding -> text_norm.embedding",
      "image_norm.embedding -> scorer.images",
      "text_norm.embedding -> scorer.texts",
      "scorer.logits -> loss.logits",
      "loss.loss -> trainer.loss",
      "data.name -> trainer.distinct",
    ],
  );

/** A small tower on pictures. */
export const tinyTower = (): GraphDocument =>
  graph(
    {
      data: ["data.emoji", { limit: 6 }],
      resize: ["image.resize", { width: 16, height: 16 }],
      normalize: ["image.normalize"],
      vision: ["model.vision-transformer", { patch: 8, width: 32, layers: 1, heads: 2 }],
      projector: ["model.projector", { width: 8 }],
      norm: ["model.l2-normalize"],
    },
    [
      "data.image -> resize.image",
      "resize.image -> normalize.image",
      "normalize.pixels -> vision.pixels",
      "vision.features -> projector.features",
      "projector.embedding -> norm.embedding",
    ],
  );
