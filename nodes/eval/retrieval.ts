import { rankOf } from "#models/train/ranking";
import { block, blocksOf } from "../core/embedding-blocks";
import type { Host } from "../core/host";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import { type Ranks, recallPorts, recallsOf } from "../core/recall";
import type { Tensor } from "../core/values";

export const retrieval = defineNode({
  type: "eval.retrieval",
  title: "Retrieval recall",
  description: "Recall at 1, 5 and 10: how often an image finds its text among all, and a text its image.",
  synonyms: ["recall@k", "R@1", "image-text retrieval"],
  docs: `Image i belongs to text i. R@k is the share of images (or texts) whose partner is among the k that fit best;
ties count against it. Fractions of 1.

Wire the embeddings that the scorer reads to \`images\` and \`texts\`, float32 [N, E]: they are compared in blocks, and
no matrix of all with all is ever made. Or wire \`logits\` float32 [N, N], all of which must fit into memory.`,
  version: 1,
  inputs: {
    logits: port.tensor({ dtype: "float32", shape: ["N", "N"], optional: true }),
    images: port.tensor({ dtype: "float32", shape: ["N", "E"], optional: true, doc: "L2-normalized embeddings." }),
    texts: port.tensor({ dtype: "float32", shape: ["N", "E"], optional: true, doc: "Those of the images' texts." }),
  },
  outputs: recallPorts,
  params: {},
  allRows: "Every image is compared with every text; of embeddings, wired instead of logits, that is done in blocks.",
  async run({ host, inputs: { logits, images, texts } }) {
    return recallsOf(logits ? ranksIn(logits) : await ranksAmong(host, ...bothOf(images, texts)));
  },
});

function bothOf(images: Tensor | undefined, texts: Tensor | undefined): [Tensor, Tensor] {
  if (!images || !texts)
    throw Object.assign(new Error("Neither logits nor the embeddings of images and texts are wired."), {
      hint: "Wire the embeddings that the scorer reads to images and texts.",
    });
  refuseUnequal(images.shape[0] ?? 0, texts.shape[0] ?? 0);
  return [images, texts];
}

function refuseUnequal(images: number, texts: number): void {
  if (images === texts) return;
  throw Object.assign(new Error(`There are ${images} images and ${texts} texts; retrieval needs pairs.`), {
    hint: "Score the images with their own texts, one text for each image.",
  });
}

function ranksIn(logits: Tensor): Ranks {
  const [count = 0, columns = 0] = logits.shape;
  refuseUnequal(count, columns);
  const scores = logits.data as Float32Array;
  const column = new Float32Array(count);
  const ofImages = Int32Array.from({ length: count }, (_, i) => rankOf(scores.subarray(i * count, (i + 1) * count), i));
  const ofTexts = Int32Array.from({ length: count }, (_, j) => {
    for (let i = 0; i < count; i++) column[i] = scores[i * count + j] as number;
    return rankOf(column, j);
  });
  return { ofImages, ofTexts };
}

/** The ranks that the matrix of all scores would give, made block by block. */
async function ranksAmong(host: Host, images: Tensor, texts: Tensor): Promise<Ranks> {
  const [count = 0] = images.shape;
  const { size, starts } = blocksOf(count);
  const right = new Float32Array(count);
  for (const start of starts) {
    const scores = await host.products(block(images, start, size), block(texts, start, size));
    for (let i = 0; i < size && start + i < count; i++) right[start + i] = scores.data[i * size + i] as number;
  }
  const ranks: Ranks = { ofImages: new Int32Array(count), ofTexts: new Int32Array(count) };
  for (const [done, start] of starts.entries()) {
    host.progress(done, starts.length);
    for (const other of starts) {
      const scores = await host.products(block(images, start, size), block(texts, other, size));
      countBetter(scores, right, start, other, ranks);
    }
  }
  return ranks;
}

/** Adds to the ranks what beats the right partner in the block of images from `start` and texts from `other`. */
function countBetter(scores: Tensor, right: Float32Array, start: number, other: number, ranks: Ranks): void {
  const [size = 0] = scores.shape;
  const numbers = scores.data as Float32Array;
  const images = Math.min(size, right.length - start);
  const texts = Math.min(size, right.length - other);
  for (let i = 0; i < images; i++) {
    const ofImage = right[start + i] as number;
    let better = 0;
    for (let j = 0; j < texts; j++) {
      if (start + i === other + j) continue;
      const score = numbers[i * size + j] as number;
      if (!(score < ofImage)) better++;
      if (!(score < (right[other + j] as number))) (ranks.ofTexts[other + j] as number)++;
    }
    ranks.ofImages[start + i] = (ranks.ofImages[start + i] as number) + better;
  }
}
