import * as z from "zod";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import { partOf, Sample } from "../core/sample";
import type { ImageFile } from "../core/values";

export const similarityHeatmap = defineNode({
  type: "output.similarity-heatmap",
  title: "Similarity heatmap",
  description: "Shows how each row fits each column, as colours.",
  synonyms: ["matrix plot", "imshow", "cosine similarity"],
  docs: `\`values\` float32 [N, M]. Of more rows or columns than *At most*, the first are shown, or some that are evenly
drawn: between half and all of as many as may be shown, the first among them, each as far from the next. A sample
says of how many it is one.`,
  version: 1,
  inputs: {
    values: port.tensor({ dtype: "float32", shape: ["N", "M"] }),
    rows: port.text({ shape: ["*"], optional: true }),
    columns: port.text({ shape: ["*"], optional: true }),
    image: port.image({ shape: ["N", "*", "*"], optional: true, doc: "Pictures of the rows." }),
  },
  outputs: { matrix: port.matrix() },
  params: {
    limit: z.int().min(1).max(256).default(24).meta({ label: "At most", unit: "rows and columns" }),
    shown: z.enum(["first", "evenly drawn"]).default("first").meta({ label: "Of more, show", advanced: true }),
  },
  reduce: {
    rows: ["values", "image"],
    start({ host, inputs: { rows, columns }, params: { limit, shown } }) {
      const sample = new Sample<{ numbers: Float32Array; file?: ImageFile }>(limit, shown === "evenly drawn");
      let width = 0;
      return {
        add({ values, image }) {
          const [count = 0, all = 0] = values.shape;
          width = all;
          const files = image && "files" in image ? image.files : undefined;
          for (let row = 0; row < count; row++) {
            const numbers = (values.data as Float32Array).subarray(row * width, (row + 1) * width);
            sample.add(() => ({ numbers: numbers.slice(), file: files?.[row] }));
          }
        },
        finish() {
          const across = new Sample<number>(limit, shown === "evenly drawn");
          for (let column = 0; column < width; column++) across.add(() => column);
          const { items, places } = sample;
          const hidden = sample.seen > items.length || width > across.items.length;
          if (shown === "evenly drawn" && hidden) host.warn(`Rows: ${partOf(sample)}. Columns: ${partOf(across)}.`);
          const data = Float32Array.from(
            items.flatMap(({ numbers }) => across.items.map((column) => numbers[column] ?? 0)),
          );
          const files = items.flatMap(({ file }) => file ?? []);
          const hasFiles = files.length > 0;
          return {
            matrix: {
              values: { dtype: "float32", shape: [items.length, across.items.length], data },
              rows: items.map(
                ({ file }, i) => rows?.[places[i] ?? 0] ?? file?.name ?? (hasFiles ? "" : `${places[i]}`),
              ),
              columns: across.items.map((column) => columns?.[column] ?? String(column)),
              rowImages: hasFiles ? files : undefined,
            },
          };
        },
      };
    },
  },
});
