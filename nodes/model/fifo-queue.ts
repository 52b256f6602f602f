import * as z from "zod";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const fifoQueue = defineNode({
  type: "model.fifo-queue",
  title: "Queue of embeddings",
  description: "Remembers the embeddings of the last steps, as further negatives for a contrastive loss.",
  docs: `Gives the batch's own embeddings first and then the K newest of earlier steps; after each training step the
batch enters and the oldest leave (He et al. 2020, MoCo; ALBEF §3.2, K = 65,536). The queue starts as noise of
length about 1, takes no gradient, and is part of a checkpoint. Feed it from a momentum teacher. Outside of training
it stays as it is.

- \`embedding\` float32 [B, E] → \`embeddings\` float32 [B + K, E]`,
  version: 1,
  inputs: {
    embedding: port.tensor({ dtype: "float32", shape: ["B", "E"] }),
    weights: port.weights({ optional: true, doc: "Without one, the queue is fresh." }),
  },
  outputs: { embeddings: port.tensor({ dtype: "float32", shape: ["*", "E"] }) },
  params: {
    scope: z
      .string()
      .max(64)
      .regex(/^[\w.-]*$/, "letters, digits, dots, - and _")
      .default("queue")
      .meta({ description: "Prefix of its tensors in a checkpoint." }),
    length: z.int().min(1).max(1_000_000).default(4096).meta({ unit: "embeddings", description: "K" }),
  },
  build({ op, inputs: { embedding }, params: { length }, buffer, update, training }) {
    const width = embedding.shape[1] as number;
    const queue = buffer("embeddings", [length, width], { kind: "normal", std: width ** -0.5 });
    const own = op.StopGradient(embedding);
    const all = op.Concat(own, queue, { axis: 0 });
    if (training) update(queue, op.Slice(all, { starts: [0], ends: [length], axes: [0] }));
    return { embeddings: all };
  },
});
