/**
 * Takes LoRA steps of SmolLM2-135M's sizes on demand, as bench/torch/finetune_llm.py does: a line `n` on stdin runs n
 * steps, `end` answers with the peak memory.
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
import { serveSteps } from "../serve-steps";
import { smollm2, tokens } from "./sizes";

const base = process.resourceUsage().maxRSS;
const stepper = drawnStep(loweredStep(), tokens.rows);
const batch = batchOf();
let step = 0;
await serveSteps(() => stepper.step([batch], 1e-4, ++step), base);

/** Decoder, adapters and loss. */
function loweredStep(): Graph {
  const document = graph(
    {
      chat: ["text.chat-template", { length: tokens.length, padding: "length" }],
      weights: ["weights.make"],
      decoder: ["model.llm-decoder", smollm2],
      loss: ["loss.causal-lm"],
    },
    [
      "chat.ids -> decoder.ids",
      "chat.mask -> decoder.mask",
      "weights.weights -> decoder.weights",
      "decoder.logits -> loss.logits",
      "chat.labels -> loss.labels",
    ],
  );
  const adapters = { rank: tokens.rank, alpha: tokens.alpha, targets: ["*_proj.weight"] };
  const lowered = lower(
    resolve(document, registry),
    ["decoder", "loss"],
    () => ({ dtype: "int64", shape: [batchSymbol, tokens.length] }),
    {
      training: true,
      handles: new Map([["weights.weights", { lora: [adapters], frozen: ["*"] }]]),
    },
  );
  lowered.graph.output("loss", lowered.values.get("loss.loss") as never);
  return lowered.graph;
}

function batchOf(): ReadonlyMap<string, Tensor> {
  const draw = random("finetune");
  const shape = [tokens.rows, tokens.length];
  const ids = BigInt64Array.from({ length: sizeOf(shape) }, () => BigInt(draw.below(49_000)));
  const tensor = (data: BigInt64Array): Tensor => ({ dtype: "int64", shape, data });
  return new Map([
    ["chat.ids", tensor(ids)],
    ["chat.mask", tensor(ids.map(() => 1n))],
    ["chat.labels", tensor(ids)],
  ]);
}
