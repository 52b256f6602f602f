/**
 * Takes LoRA steps of SmolLM2-135M's sizes on demand, as bench/torch/finetune_llm.py does: a line `n` on stdin runs n
 * steps, `end` answers with the peak memory. With `profile` it tells instead where a step's time goes.
 */
import { sizeOf } from "#models/onnx/shape";
import { random } from "#models/random";
import { batchSymbol, compileProgram } from "#models/train/program";
import type { Tensor } from "#nodes/core/values";
import { graphDocument } from "#nodes/graph/document";
import { lower } from "#nodes/graph/lower";
import { resolve } from "#nodes/graph/resolve";
import { registry } from "#nodes/registry.gen";
import { initialise } from "#server/runtime/parameters";
import { Stepper } from "#server/runtime/training/stepper";
import { serveSteps } from "../serve-steps";
import { smollm2, tokens } from "./sizes";

const base = process.resourceUsage().maxRSS;
const stepper = openStepper();
const batch = batchOf();
let step = 0;
await serveSteps(() => stepper.step([batch], 1e-4, ++step), base);

/** The step that a trainer makes of decoder, adapters and loss; frozen matrices are drawn, since only sizes count. */
function openStepper(): Stepper {
  const { graph } = loweredStep();
  const inits = new Map(graph.parameters.map((parameter) => [parameter.name, parameter]));
  return new Stepper({
    provider: "cpu",
    compile: () =>
      compileProgram(graph, {
        optimizer: { kind: "adamw", beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0 },
        clipNorm: 1,
        batch: tokens.rows,
        accumulate: 1,
        chunk: 0,
      }),
    valueOf(name) {
      const parameter = inits.get(name);
      return parameter && initialise(parameter.init, sizeOf(parameter.value.shape), 0, name);
    },
  });
}

function loweredStep() {
  const endpoint = (text: string) => {
    const [node = "", port = ""] = text.split(".");
    return { node, port };
  };
  const wires = [
    ["chat.ids", "decoder.ids"],
    ["chat.mask", "decoder.mask"],
    ["weights.weights", "decoder.weights"],
    ["decoder.logits", "loss.logits"],
    ["chat.labels", "loss.labels"],
  ] as const;
  const document = graphDocument.parse({
    schema: 1,
    name: "bench",
    nodes: {
      chat: { type: "text.chat-template", params: { length: tokens.length, padding: "length" } },
      weights: { type: "weights.make", params: {} },
      decoder: { type: "model.llm-decoder", params: smollm2 },
      loss: { type: "loss.causal-lm", params: {} },
    },
    wires: wires.map(([from, to]) => ({ from: endpoint(from), to: endpoint(to) })),
  });
  const adapters = { rank: tokens.rank, alpha: tokens.alpha, targets: ["*_proj.weight"] };
  const lowered = lower(
    resolve(document, registry),
    ["decoder", "loss"],
    () => ({ dtype: "int64", shape: [batchSymbol, tokens.length] }),
    { training: true, handles: new Map([["weights.weights", { lora: [adapters], frozen: ["*"] }]]) },
  );
  lowered.graph.output("loss", lowered.values.get("loss.loss") as never);
  return lowered;
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
