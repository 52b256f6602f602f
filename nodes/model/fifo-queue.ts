import * as z from "zod";
import { placesOf } from "#models/blocks/attention";
import type { Builder } from "#models/blocks/builder";
import { countOf, ring } from "#models/blocks/ring";
import type { Value } from "#models/onnx/graph";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import { scopeParam, tensorNameParam } from "../core/scope";

export const fifoQueue = defineNode({
  type: "model.fifo-queue",
  title: "Queue of embeddings",
  description: "Remembers the embeddings of the last steps, as further negatives for a contrastive loss.",
  synonyms: ["memory bank", "MoCo", "momentum queue"],
  docs: `Gives the batch's own embeddings first and then the K newest of earlier steps; after each training step the
batch is written over the oldest (He et al. 2020, MoCo; ALBEF §3.2, K = 65,536). The queue starts as noise of length
about 1, takes no gradient, and is part of a checkpoint. Feed it from a momentum teacher. Outside of training it stays
as it is.

It is a ring, as in salesforce/ALBEF: a buffer [E, K], and a pointer to where the next batch is written, which begins
anew at the end. Two queues with one scope, one weights handle and one name of the pointer have one pointer. A batch has
at most K rows; with more there is no training.

**Towers that begin from nothing** give every picture nearly the same embedding, and with a queue that tells earlier
batches from this one alone they end with the very same: loss ln(B + K), and no way out (PyTorch's do too). Those of the
papers begin from trained ones. *Takes part after* lets them learn without it first: for so many batches the places of
the queue hold the batch's own embeddings again and again, which leaves a softmax's gradient what it is without a queue
(its loss is ln(1 + K/B) larger), while the queue is written already.

- \`embedding\` float32 [B, E] → \`embeddings\` float32 [B + K, E]`,
  version: 2,
  upgrade: { 2: (old) => old },
  inputs: {
    embedding: port.tensor({ dtype: "float32", shape: ["B", "E"] }),
    weights: port.weights({ optional: true, doc: "Without one, the queue is fresh." }),
  },
  outputs: { embeddings: port.tensor({ dtype: "float32", shape: ["*", "E"] }) },
  params: {
    scope: scopeParam("queue", "tensors"),
    length: z.int().min(1).max(1_000_000).default(4096).meta({ unit: "embeddings", description: "K" }),
    waits: z.int().min(0).max(10_000_000).default(0).meta({
      label: "Takes part after",
      unit: "batches",
      description: "0: from the beginning.",
    }),
    name: tensorNameParam("embeddings", "What it is called in a checkpoint.", { advanced: true }),
    pointer: tensorNameParam("pointer", "What its pointer is called there.", { advanced: true }),
  },
  build(builder) {
    const { op, inputs, params, training } = builder;
    const { name, pointer, length } = params;
    const own = op.StopGradient(inputs.embedding);
    const std = (own.shape[1] as number) ** -0.5;
    const earlier = ring(builder, own, { name, pointer, length, init: { kind: "normal", std } });
    const others = training && params.waits ? waiting(builder, own, earlier, params) : earlier;
    return { embeddings: op.Concat(own, others, { axis: 0 }) };
  },
});

/** For the first batches their own embeddings, repeated; then the queue's. own: [B, E]; earlier: [K, E] → [K, E]. */
function waiting(builder: Builder, own: Value, earlier: Value, params: { name: string; waits: number }): Value {
  const { op, constant } = builder;
  const { name, waits } = params;
  const taken = builder.buffer(`${name}_batches`, [], { kind: "zeros" });
  builder.update(taken, op.Add(taken, constant([1])));
  const places = op.Cast(placesOf(builder, earlier.shape[0] as number), { dtype: "float32" });
  const rows = op.Cast(op.Mod(places, countOf(builder, own), { fmod: 1 }), { dtype: "int64" });
  return op.Where(op.Less(taken, constant([waits])), op.Gather(own, rows, { axis: 0 }), earlier);
}
