import * as z from "zod";
import { defineNode } from "../core/node";
import { port } from "../core/ports";
import { tensorFile, tensorFormats } from "../core/tensor-files";

export const exportTensor = defineNode({
  type: "output.export-tensor",
  title: "Export tensor",
  description: "A file of a tensor, such as embeddings for a search index: safetensors, NumPy or Parquet.",
  synonyms: ["save", "download", "npy", "np.save"],
  docs: `float32 of any shape, written while its rows come. The texts of the rows, if they are wired, are kept

- in a safetensors file in the metadata, as JSON under \`rows\`
- in a Parquet file as the column \`text\`, beside a column of lists; of rows with several axes the sizes are in the
  metadata, as JSON under \`shape\`
- in a NumPy file not at all

Of packed rows, which have any number of items, safetensors keeps all items and, as int64 [N] under the name and
\`.counts\`, how many each row has. The other formats refuse them.`,
  version: 1,
  inputs: { tensor: port.tensor({ dtype: "float32" }), rows: port.text({ shape: ["*"], optional: true }) },
  outputs: { file: port.file() },
  params: {
    name: z
      .string()
      .regex(/^[\w.-]{1,100}$/, "letters, digits, dots, - and _")
      .default("embeddings"),
    format: z.enum(tensorFormats).default("safetensors"),
  },
  reduce: {
    rows: ["tensor", "rows"],
    start({ host, params: { format, name } }) {
      const file = tensorFile(format, name, host);
      return {
        async add({ tensor, rows }) {
          refuseOtherCount(tensor.counts?.length ?? tensor.shape[0] ?? 1, rows?.length);
          await file.add(tensor, rows);
        },
        async finish() {
          return { file: { ...(await file.store()), name: `${name}.${format}` } };
        },
        abandon: file.discard,
      };
    },
  },
});

function refuseOtherCount(rows: number, texts = rows): void {
  if (rows === texts) return;
  throw Object.assign(new Error(`The tensor has ${rows} rows, and there are ${texts} texts.`), {
    hint: "Wire one text for each row, or none.",
  });
}
