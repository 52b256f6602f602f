/**
 * Takes steps of the small multimodal model's training on demand, as bench/torch/lmm_train.py does: a line `n` on stdin
 * runs n steps, `end` answers with the peak memory.
 */
import type { Graph } from "#models/onnx/graph";
import { sizeOf } from "#models/onnx/shape";
import { random } from "#models/random";
import { batchSymbol } from "#models/train/program";
import type { Tensor } from "#nodes/core/values";
import { lower } from "#nodes/graph/lower";
import { resolve } from "#nodes/graph/resolve";
import { registry } from "#nodes/registry.gen";
import { graph } from "#tests/kit/graphs";
import { drawnStep } from "../drawn-step";
import { smollm2 } from "../finetune-llm/sizes";
import { serveSteps } from "../serve-steps";
import { sizes } from "./sizes";

const base = process.resourceUsage().maxRSS;
const placeholder = 6;
const stepper = drawnStep(loweredStep(), sizes.rows);
const batch = batchOf();
let step = 0;
await serveSteps(() => stepper.step([batch], 1e-4, ++step), base);

/** The training part of the template. */
function loweredStep(): Graph {
  const document = graph(
    {
      normalize: ["image.normalize"],
      clip: ["weights.make"],
      vision: ["model.vision-transformer", { scope: "vision", ...sizes.tower }],
      pool: ["model.pool-grid"],
      projector: ["model.projector", { scope: "projector", width: smollm2.width, layers: 2, bias: true }],
      chat: ["text.chat-template", { length: sizes.length, padding: "length" }],
      weights: ["weights.make"],
      words: [
        "model.token-embedding",
        { scope: "language.model", vocabulary: smollm2.vocabulary, width: smollm2.width, placeholder },
      ],
      splice: ["model.splice", { placeholder }],
      decoder: ["model.llm-decoder", smollm2],
      loss: ["loss.causal-lm"],
    },
    [
      "normalize.pixels -> vision.pixels",
      "clip.weights -> vision.weights",
      "vision.tokens -> pool.tokens",
      "pool.tokens -> projector.features",
      "chat.ids -> words.ids",
      "weights.weights -> words.weights",
      "chat.ids -> splice.ids",
      "words.embeddings -> splice.embeddings",
      "projector.embedding -> splice.tokens",
      "splice.embeddings -> decoder.embeddings",
      "chat.mask -> decoder.mask",
      "weights.weights -> decoder.weights",
      "decoder.logits -> loss.logits",
      "chat.labels -> loss.labels",
    ],
  );
  const adapters = { rank: sizes.rank, alpha: sizes.alpha, targets: ["*_proj.weight"] };
  const shapeOf = ({ node }: { node: string }) =>
    node === "normalize"
      ? ({ dtype: "float32", shape: [batchSymbol, 3, sizes.side, sizes.side] } as const)
      : ({ dtype: "int64", shape: [batchSymbol, sizes.length] } as const);
  const built = ["vision", "pool", "projector", "words", "splice", "decoder", "loss"];
  const lowered = lower(resolve(document, registry), built, shapeOf, {
    training: true,
    handles: new Map([
      ["clip.weights", { frozen: ["*"] }],
      ["weights.weights", { lora: [adapters], frozen: ["*"] }],
    ]),
  });
  lowered.graph.output("loss", lowered.values.get("loss.loss") as never);
  return lowered.graph;
}

/** Rows that begin with the places of a picture; what is learned are words. */
function batchOf(): ReadonlyMap<string, Tensor> {
  const draw = random("lmm");
  const shape = [sizes.rows, sizes.length];
  const isPlace = (i: number) => i % sizes.length < sizes.seen;
  const words = Array.from({ length: sizeOf(shape) }, () => BigInt(7 + draw.below(49_000)));
  const tensor = (data: BigInt64Array): Tensor => ({ dtype: "int64", shape, data });
  const pixels = new Float32Array(sizes.rows * 3 * sizes.side ** 2).map(() => draw.uniform() - 0.5);
  return new Map([
    ["normalize.pixels", { dtype: "float32", shape: [sizes.rows, 3, sizes.side, sizes.side], data: pixels }],
    ["chat.ids", tensor(BigInt64Array.from(words, (word, i) => (isPlace(i) ? BigInt(placeholder) : word)))],
    ["chat.mask", tensor(BigInt64Array.from(words, () => 1n))],
    ["chat.labels", tensor(BigInt64Array.from(words, (word, i) => (isPlace(i) ? -100n : word)))],
  ]);
}
