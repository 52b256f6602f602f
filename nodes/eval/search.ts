import * as z from "zod";
import { bestOf } from "#models/train/ranking";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const search = defineNode({
  type: "eval.search",
  title: "Search images",
  description: "For each text the pictures that fit it best.",
  docs: "`logits` float32 [N, Q] of N pictures and Q texts, as the scorer gives them.",
  version: 1,
  inputs: {
    logits: port.tensor({ dtype: "float32", shape: ["N", "*"] }),
    image: port.image({ shape: ["N", "*", "*"] }),
    query: port.text({ shape: ["*"] }),
  },
  outputs: { gallery: port.gallery({ doc: "The best pictures of each text, best first." }) },
  params: { top: z.int().min(1).max(100).default(6).meta({ label: "Pictures for each text" }) },
  async run({ host, inputs: { logits, image, query }, params }) {
    const [n = 0, queries = 0] = logits.shape;
    const data = logits.data as Float32Array;
    if (query.length !== queries)
      throw Object.assign(new Error(`There are ${query.length} texts, and the logits have ${queries} columns.`), {
        hint: "Wire the texts that were scored.",
      });
    const files = "files" in image ? image.files : await host.encodeImages(image.pixels);
    const hits = query.flatMap((text, q) =>
      bestOf(
        Float32Array.from({ length: n }, (_, i) => data[i * queries + q] as number),
        params.top,
      ).map((i) => ({ text, file: files[i] as (typeof files)[number] })),
    );
    return {
      gallery: { images: hits.map((h) => h.file), captions: hits.map((h) => `${h.text}: ${h.file.name ?? ""}`) },
    };
  },
});
