import * as z from "zod";
import { bestOf } from "#models/train/ranking";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import type { Ranking, Tensor } from "../core/values";

export const searchTexts = defineNode({
  type: "eval.search-texts",
  title: "Search texts",
  description: "For each query the texts whose embeddings are nearest to its own.",
  synonyms: ["semantic search", "vector search", "nearest neighbours", "kNN", "RAG"],
  docs: `The score is the cosine of two embeddings, whatever their lengths. \`embeddings\` float32 [N, E] of the texts
that are searched, chunk by chunk; \`queries\` float32 [Q, E]. Only the best of each query are held.`,
  version: 1,
  inputs: {
    embeddings: port.tensor({ dtype: "float32", shape: ["N", "E"] }),
    text: port.text({ shape: ["N"] }),
    queries: port.tensor({ dtype: "float32", shape: ["Q", "E"] }),
    query: port.text({ shape: ["Q"] }),
  },
  outputs: {
    found: port.text({ shape: ["Q"], doc: "The best text of each query." }),
    ranking: port.ranking({ doc: "The best texts with their cosines." }),
  },
  bypass: { found: "query" },
  params: { top: z.int().min(1).max(100).default(5).meta({ label: "Texts for each query" }) },
  reduce: {
    rows: ["embeddings", "text"],
    start({ host, inputs: { queries, query }, params }) {
      const best = query.map((): Hit[] => []);
      const asked = unitRows(queries);
      return {
        async add({ embeddings, text }) {
          const scores = (await host.products(asked, unitRows(embeddings))).data as Float32Array;
          for (const [i, hits] of best.entries()) {
            const ofQuery = scores.subarray(i * text.length, (i + 1) * text.length);
            const found = bestOf(ofQuery, params.top);
            hits.push(...found.map((row) => ({ label: text[row] as string, score: ofQuery[row] as number })));
            hits.sort((a, b) => b.score - a.score).splice(params.top);
          }
        },
        finish: () => ({
          found: best.map(([first]) => first?.label ?? ""),
          ranking: { items: query.map((name, i) => ({ name, labels: best[i] ?? [] })) },
        }),
      };
    },
  },
});

type Hit = Ranking["items"][number]["labels"][number];

/** Each row divided by its length; a row of zeros stays one. */
function unitRows({ shape, data, dtype }: Tensor): Tensor {
  const [rows = 0, width = 0] = shape;
  const numbers = data as Float32Array;
  const result = new Float32Array(numbers.length);
  for (let row = 0; row < rows; row++) {
    const values = numbers.subarray(row * width, (row + 1) * width);
    const length = Math.hypot(...values);
    if (length > 0) for (const [i, x] of values.entries()) result[row * width + i] = x / length;
  }
  return { dtype, shape, data: result };
}
