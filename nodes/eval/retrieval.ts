import { rankOf } from "#models/train/ranking";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const retrieval = defineNode({
  type: "eval.retrieval",
  title: "Retrieval recall",
  description: "Recall at 1, 5 and 10: how often an image finds its text among all, and a text its image.",
  docs: `Row i belongs to column i. R@k is the share of rows (or columns) whose partner is among the k highest; ties
count against it. \`logits\` float32 [N, N]; fractions of 1.`,
  version: 1,
  inputs: { logits: port.tensor({ dtype: "float32", shape: ["N", "N"] }) },
  outputs: {
    imageToText1: port.number(),
    imageToText5: port.number(),
    imageToText10: port.number(),
    textToImage1: port.number(),
    textToImage5: port.number(),
    textToImage10: port.number(),
    chart: port.series({ doc: "Recall by k, both ways." }),
  },
  params: {},
  async run({ inputs: { logits } }) {
    const [n = 0, columns = 0] = logits.shape;
    const data = logits.data as Float32Array;
    if (n !== columns)
      throw Object.assign(new Error(`There are ${n} images and ${columns} texts; retrieval needs pairs.`), {
        hint: "Score the images with their own texts, one text for each image.",
      });
    const rows = Array.from({ length: n }, (_, i) => rankOf(data.subarray(i * n, (i + 1) * n), i));
    const cols = Array.from({ length: n }, (_, j) =>
      rankOf(
        Float32Array.from({ length: n }, (_, i) => data[i * n + j] as number),
        j,
      ),
    );
    const recall = (ranks: number[], k: number) => ranks.filter((r) => r < k).length / (n || 1);
    const ks = [1, 2, 3, 5, 10, 20, 50, 100].filter((k) => k <= n);
    return {
      imageToText1: recall(rows, 1),
      imageToText5: recall(rows, 5),
      imageToText10: recall(rows, 10),
      textToImage1: recall(cols, 1),
      textToImage5: recall(cols, 5),
      textToImage10: recall(cols, 10),
      chart: {
        x: { label: "k", values: ks },
        lines: [
          { name: "image → text", values: ks.map((k) => recall(rows, k)) },
          { name: "text → image", values: ks.map((k) => recall(cols, k)) },
        ],
      },
    };
  },
});
