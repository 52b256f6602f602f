import * as z from "zod";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import { scopeParam } from "../core/scope";

export const temperatureSimilarity = defineNode({
  type: "model.temperature-similarity",
  title: "Similarity over temperature",
  description: "Products of embeddings, divided by a learned temperature: the similarities of ALBEF and BLIP.",
  synonyms: ["logits", "dot product", "cosine similarity"],
  docs: `x·yᵀ / τ. The temperature is one number, \`temp\`; it is brought back to [0.001, 0.5] at the beginning of each
step, before anything reads it, and may lie outside behind the step (salesforce/ALBEF, models/model_pretrain.py). Give
all similarities of a model one weights handle, and they have one temperature; where those of a momentum teacher are
told apart by it, no gradient comes to it through them as long as they make targets only.

\`x\` float32 [N, E], \`y\` float32 [M, E] → \`logits\` float32 [N, M], \`temperature\` float32 []`,
  version: 1,
  inputs: {
    x: port.tensor({ dtype: "float32", shape: ["N", "E"] }),
    y: port.tensor({ dtype: "float32", shape: ["M", "E"] }),
    weights: port.weights({ optional: true, doc: "Without one, the temperature is at its start." }),
  },
  outputs: {
    logits: port.tensor({ dtype: "float32", shape: ["N", "M"] }),
    temperature: port.tensor({ dtype: "float32", shape: [], doc: "As it is read in this step." }),
  },
  params: {
    scope: scopeParam("scorer", "parameter"),
    start: z.number().min(0.001).max(0.5).default(0.07).meta({ label: "Starts at" }),
  },
  clamp: { temp: [0.001, 0.5, "before"] },
  build({ op, inputs: { x, y }, params, weight }) {
    const temperature = weight("temp", [], { kind: "constant", value: params.start });
    const logits = op.Div(op.MatMul(x, op.Transpose(y, { perm: [1, 0] })), temperature);
    return { logits, temperature };
  },
});
