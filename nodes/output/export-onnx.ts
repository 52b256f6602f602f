import * as z from "zod";
import { defineNode } from "../core/node";
import { port } from "../core/ports";

export const exportOnnx = defineNode({
  type: "output.export-onnx",
  title: "Export ONNX",
  description: "An .onnx file of a model with its weights, which any ONNX Runtime runs.",
  synonyms: ["torch.onnx.export", "deploy", "convert"],
  docs: `What lies upstream of \`tensor\` is not run but written down: the tensor nodes with the weights that are
wired to them, as one model of opset 21. What feeds them (pixels, token ids) becomes its inputs, with the batch size
left open.

- inputs are called as the ports that read them, outputs as the ports wired here
- several wires give one model with several outputs
- adapters and frozen parts are written as they compute; weights are float32, quantized ones their blocks
- a decoder is written as it stands, for whole texts; or for *past and present*, as Optimum lays decoders out and
  transformers.js runs them: \`input_ids\`, \`attention_mask\`, \`position_ids\` and \`past_key_values.N.key\` and
  \`.value\` in, \`logits\` and \`present.N.key\` and \`.value\` out. Wire its logits alone
- above 1.5 GiB, or where that is chosen, weights lie in a second file, \`name.onnx.data\`, which belongs beside the
  first under that name; they are written one after the other`,
  version: 1,
  inputs: { tensor: port.tensor({ deferred: "structure", many: true, doc: "What the model gives." }) },
  outputs: { file: port.file() },
  params: {
    name: z
      .string()
      .regex(/^[\w.-]{1,100}$/, "letters, digits, dots, - and _")
      .default("model")
      .meta({ label: "File name" }),
    weights: z.enum(["in the file", "beside it"]).default("in the file").meta({
      label: "Weights",
      description: "Beside it they are anyway where they take more than 1.5 GiB.",
    }),
    decoder: z.enum(["whole texts", "past and present"]).default("whole texts").meta({
      label: "Of a decoder",
      description: "Past and present: new tokens come in with the keys and values of earlier ones.",
      advanced: true,
    }),
  },
  run: async ({ host, inputs, params: { name, weights, decoder } }) => ({
    file: await host.exportOnnx({ tensors: inputs.tensor, name, weights, decoder }),
  }),
});
