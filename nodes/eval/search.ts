import * as z from "zod";
import { bestOf } from "#models/train/ranking";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import type { ImageFile } from "../core/values";
import { refuseOtherColumns } from "../core/columns";
import { filesOf } from "../core/row-pictures";

export const search = defineNode({
  type: "eval.search",
  title: "Search images",
  description: "For each text the pictures that fit it best.",
  synonyms: ["semantic search", "vector search", "nearest neighbours", "kNN", "text-to-image retrieval"],
  docs: "`logits` float32 [N, Q] of N pictures and Q texts, as the scorer gives them.",
  version: 1,
  inputs: {
    logits: port.tensor({ dtype: "float32", shape: ["N", "*"] }),
    image: port.image({ shape: ["N", "*", "*"] }),
    query: port.text({ shape: ["*"] }),
  },
  outputs: { gallery: port.gallery({ doc: "The best pictures of each text, best first." }) },
  params: { top: z.int().min(1).max(100).default(6).meta({ label: "Pictures for each text" }) },
  reduce: {
    rows: ["logits", "image"],
    start({ host, inputs: { query }, params }) {
      const best = query.map((): Hit[] => []);
      return {
        async add({ logits, image }) {
          refuseOtherColumns(query, logits, "texts");
          const [rows = 0, queries = 0] = logits.shape;
          const scores = logits.data as Float32Array;
          for (const [column, hits] of best.entries()) {
            const ofColumn = Float32Array.from({ length: rows }, (_, row) => scores[row * queries + column] as number);
            const found = bestOf(ofColumn, params.top).map((row) => ({ score: ofColumn[row] as number, row }));
            const beaten = hits.length === params.top ? (hits.at(-1)?.score ?? 0) : Number.NEGATIVE_INFINITY;
            const files = await filesOf(
              host,
              image,
              found.filter(({ score }) => score > beaten).map(({ row }) => row),
            );
            for (const { score, row } of found) {
              const file = files.get(row);
              if (file) hits.push({ score, file });
            }
            hits.sort((a, b) => b.score - a.score).splice(params.top);
          }
        },
        finish() {
          const shown = query.flatMap((text, i) => (best[i] ?? []).map(({ file }) => ({ text, file })));
          return {
            gallery: {
              images: shown.map(({ file }) => file),
              captions: shown.map(({ text, file }) => `${text}: ${file.name ?? ""}`),
            },
          };
        },
      };
    },
  },
});

interface Hit {
  score: number;
  file: ImageFile;
}
