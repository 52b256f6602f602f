import * as z from "zod";
import { writeSafetensors } from "#models/files/safetensors";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const exportTensor = defineNode({
  type: "output.export-tensor",
  title: "Export tensor",
  description: "A .safetensors file of a tensor, such as embeddings for a search index.",
  docs: `float32 of any shape, under the given name. Row texts, if wired, are kept in the file's metadata as JSON
under \`rows\`.`,
  version: 1,
  inputs: { tensor: port.tensor({ dtype: "float32" }), rows: port.text({ shape: ["*"], optional: true }) },
  outputs: { file: port.file() },
  params: {
    name: z
      .string()
      .regex(/^[\w.-]{1,100}$/, "letters, digits, dots, - and _")
      .default("embeddings"),
  },
  allRows: "Its file is written in one piece.",
  async run({ host, inputs: { tensor, rows }, params }) {
    const bytes = writeSafetensors([{ name: params.name, shape: tensor.shape, data: tensor.data as Float32Array }], {
      metadata: rows ? { rows: JSON.stringify(rows) } : {},
    });
    return { file: { ref: await host.put(bytes), name: `${params.name}.safetensors`, bytes: bytes.byteLength } };
  },
});
