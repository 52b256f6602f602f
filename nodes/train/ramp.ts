import * as z from "zod";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import { scopeParam } from "../core/scope";

export const ramp = defineNode({
  type: "train.ramp",
  title: "Ramp",
  description: "A number that rises from 0 in the first steps of a training and then stays: α of a teacher.",
  synonyms: ["warmup", "schedule", "alpha"],
  docs: `value · min(1, i / steps), where i is how many batches were taken before: 0 in the first step (ALBEF's α rises
to 0.4 over the first epoch, BLIP's over the first two; salesforce/ALBEF, Pretrain.py). The count is a part of the
checkpoint, so that a training that was killed goes on with it. Outside of training it is what the count says.

\`value\` float32 []`,
  version: 1,
  inputs: { weights: port.weights({ optional: true, doc: "Where the count is kept; without one it begins at 0." }) },
  outputs: { value: port.tensor({ dtype: "float32", shape: [] }) },
  params: {
    scope: scopeParam("ramp", "count"),
    value: z.number().min(-1000).max(1000).default(0.4).meta({ description: "Where it ends." }),
    steps: z.int().min(0).max(10_000_000).default(1000).meta({ description: "How long it rises; 0: it does not." }),
  },
  build({ op, params, buffer, update, training, constant }) {
    const count = buffer("batches", [], { kind: "zeros" });
    if (training) update(count, op.Add(count, constant([1])));
    if (params.steps === 0) return { value: constant([params.value]) };
    const share = op.Min(op.Div(count, constant([params.steps])), constant([1]));
    return { value: op.Mul(share, constant([params.value])) };
  },
});
