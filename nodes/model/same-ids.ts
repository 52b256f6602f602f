import * as z from "zod";
import { ring } from "#models/blocks/ring";
import type { Dim } from "#models/onnx/graph";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import { scopeParam, tensorNameParam } from "../core/scope";

/** What no id is. */
const none = -100;

export const sameIds = defineNode({
  type: "model.same-ids",
  title: "Same ids",
  description: "Which pairs of a batch and of a queue belong together, where a picture has several texts.",
  synonyms: ["label matrix", "multi-positive"],
  docs: `Row i and column j are of one picture where their ids are equal: more than one text is then right of a picture,
and none of them is a negative (salesforce/ALBEF, models/model_retrieval.py). Wire \`same\` to *Soft-target contrastive
loss* and *Hard negatives*.

The ids of earlier steps lie in a queue like that of *Queue of embeddings*: give both the same length, scope, weights
and name of the pointer. Its places hold −100 before anything is written, which no id is. *Label ids* makes ids of
names.

- \`ids\` int64 [B], at most 2²⁴
- \`same\` float32 [B, B + K], 1 where they are equal; the first B columns are the batch's own`,
  version: 1,
  inputs: {
    ids: port.tensor({ dtype: "int64", shape: ["B"], doc: "Of each row's picture." }),
    weights: port.weights({ optional: true, doc: "Without one, the queue is fresh." }),
  },
  outputs: { same: port.tensor({ dtype: "float32", shape: ["B", "*"] }) },
  bypass: {},
  params: {
    scope: scopeParam("queue", "tensors"),
    length: z.int().min(1).max(1_000_000).default(4096).meta({ unit: "ids", description: "K" }),
    name: tensorNameParam("queued", "What it is called in a checkpoint.", { advanced: true }),
    pointer: tensorNameParam("pointer", "What its pointer is called there.", { advanced: true }),
  },
  build(builder) {
    const { op, inputs, params } = builder;
    const { name, pointer, length } = params;
    const [rows] = inputs.ids.shape as [Dim];
    const own = op.Reshape(op.Cast(inputs.ids, { dtype: "float32" }), { to: [rows, 1] });
    const earlier = ring(builder, own, { name, pointer, length, init: { kind: "constant", value: none } });
    const all = op.Transpose(op.Concat(own, earlier, { axis: 0 }), { perm: [1, 0] });
    return { same: op.Cast(op.Equal(own, all), { dtype: "float32" }) };
  },
});
