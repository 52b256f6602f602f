import * as z from "zod";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const exportOnnx = defineNode({
  type: "output.export-onnx",
  title: "Export ONNX",
  description: "An .onnx file of a model with its weights, which any ONNX Runtime runs.",
  docs: `What lies upstream of \`tensor\` is not run but written down: the tensor nodes with the weights that are
wired to them, as one model of opset 21. What feeds them (pixels, token ids) becomes its inputs, with the batch size
left open.

- inputs are called as the ports that read them, outputs as the ports wired here
- several wires give one model with several outputs
- adapters and frozen parts are written as they compute; weights are float32, at most 2 GiB`,
  version: 1,
  inputs: { tensor: port.tensor({ deferred: "structure", many: true, doc: "What the model gives." }) },
  outputs: { file: port.file() },
  params: {
    name: z
      .string()
      .regex(/^[\w.-]{1,100}$/, "letters, digits, dots, - and _")
      .default("model")
      .meta({ label: "File name" }),
  },
  async run({ host, inputs, params }) {
    const bytes = await host.exportOnnx({ tensors: inputs.tensor });
    return { file: { ref: await host.put(bytes), name: `${params.name}.onnx`, bytes: bytes.byteLength } };
  },
});
