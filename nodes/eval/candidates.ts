import * as z from "zod";
import { bestOf } from "#models/train/ranking";
import { block, blocksOf } from "../core/embedding-blocks";
import type { Host } from "../core/host";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import { chosenPictures } from "../core/row-pictures";
import type { Tensor } from "../core/values";

export const candidates = defineNode({
  type: "eval.candidates",
  title: "Candidates for matching",
  description: "For each picture the texts that fit it best, and for each text the pictures: pairs to look at closely.",
  synonyms: ["top-k", "rerank", "shortlist"],
  docs: `Comparing embeddings is quick and rough; a fusion encoder that reads picture and text together is slow and
sure. So the k nearest by embedding are scored anew by matching (ALBEF §3.2, inference: k = 256 of COCO's, 128 of
Flickr30K's; BLIP alike). Wire the pairs through the matching head to *Reranked recall*.

- \`images\`, \`texts\` float32 [N, E], L2-normalized; picture i belongs to text i
- \`image\`, \`text\` are the pairs, 2·N·k rows: first each picture with its texts, then each text with its pictures
- \`pair\` int64 [P, 3]: 0 where a picture asks and 1 where a text does, the row that asks, and the candidate's row`,
  version: 1,
  inputs: {
    image: port.image({ shape: ["N", "H", "W"] }),
    text: port.text({ shape: ["N"] }),
    images: port.tensor({ dtype: "float32", shape: ["N", "E"], doc: "Embeddings of the pictures." }),
    texts: port.tensor({ dtype: "float32", shape: ["N", "E"], doc: "Embeddings of the texts." }),
  },
  outputs: {
    image: port.image({ shape: ["P", "H", "W"] }),
    text: port.text({ shape: ["P"] }),
    pair: port.tensor({ dtype: "int64", shape: ["P", 3], doc: "Who asks whom." }),
  },
  params: { k: z.int().min(1).max(1000).default(16).meta({ label: "Candidates", unit: "each" }) },
  allRows: "The nearest are found among all, block by block; the pairs are as many as twice the rows times k.",
  async run({ host, inputs: { image, text, images, texts }, params: { k } }) {
    const asked = [
      ...pairsOf(0, await nearest(host, images, texts, k)),
      ...pairsOf(1, await nearest(host, texts, images, k)),
    ];
    const pictureOf = ([side, query, candidate]: Asked) => (side ? candidate : query);
    const textOf = ([side, query, candidate]: Asked) => (side ? query : candidate);
    return {
      image: chosenPictures(image, asked.map(pictureOf)),
      text: asked.map((pair) => text[textOf(pair)] as string),
      pair: { dtype: "int64", shape: [asked.length, 3], data: BigInt64Array.from(asked.flat(), BigInt) },
    };
  },
});

/** The side that asks, its row, and the candidate's. */
type Asked = [side: 0 | 1, query: number, candidate: number];

const pairsOf = (side: 0 | 1, found: readonly number[][]): Asked[] =>
  found.flatMap((rows, query) => rows.map((candidate): Asked => [side, query, candidate]));

/** For each row of one matrix the k of another whose inner products with it are largest, the largest first. */
async function nearest(host: Host, queries: Tensor, gallery: Tensor, k: number): Promise<number[][]> {
  const [count = 0] = queries.shape;
  const [others = 0] = gallery.shape;
  const { size, starts } = blocksOf(count);
  const inGallery = blocksOf(others);
  const best = Array.from({ length: count }, (): { row: number; score: number }[] => []);
  for (const [done, start] of starts.entries()) {
    host.progress(done, starts.length);
    for (const other of inGallery.starts) {
      const scores = await host.products(block(queries, start, size), block(gallery, other, inGallery.size));
      const width = Math.min(inGallery.size, others - other);
      for (let row = 0; row < size && start + row < count; row++) {
        const from = row * inGallery.size;
        const ofRow = (scores.data as Float32Array).subarray(from, from + width);
        const found = bestOf(ofRow, k).map((column) => ({ row: other + column, score: ofRow[column] as number }));
        const known = best[start + row] ?? [];
        best[start + row] = [...known, ...found].sort((a, b) => b.score - a.score).slice(0, k);
      }
    }
  }
  return best.map((found) => found.map(({ row }) => row));
}
