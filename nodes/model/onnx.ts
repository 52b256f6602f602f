import * as z from "zod";
import type { Value } from "#models/onnx/graph";
import { emitModel } from "#models/onnx/import/emit";
import { readModel } from "#models/onnx/import/read";
import { type Port as FilePort, portNames, type Signature, signatureOf } from "#models/onnx/import/signature";
import { isImportable } from "#models/onnx/import/translate";
import { shippedModels } from "#models/shipped.gen";
import { defineNode } from "../core/node";
import { type Port, port } from "../core/ports";

const filePort = z.object({
  name: z.string().max(1024),
  dtype: z.enum(["float32", "int64", "bool", "uint8"]),
  shape: z
    .array(z.union([z.int().min(1), z.string().max(64)]))
    .max(16)
    .optional(),
});
const signature = z.object({
  opset: z.int(),
  inputs: z.array(filePort).min(1).max(64),
  outputs: z.array(filePort).min(1).max(64),
});
const upload = z.object({
  ref: z.string().regex(/^[0-9a-f]{64}$/),
  name: z.string().max(255).default("model.onnx"),
  signature,
});

interface Choice {
  source: "shipped" | "upload";
  shipped: string;
  file?: z.output<typeof upload>;
}
const signatureFor = ({ source, shipped, file }: Choice): Signature | undefined =>
  source === "upload" ? file?.signature : Object.hasOwn(shippedModels, shipped) ? shippedModels[shipped] : undefined;
/** The ports of the node by their names in the file. */
const namesOf = ({ inputs, outputs }: Signature) => ({
  inputs: portNames(inputs, ["weights"]),
  outputs: portNames(outputs),
});
const ports = (list: readonly FilePort[], names: ReadonlyMap<string, string>): Record<string, Port> =>
  Object.fromEntries(
    list.map(({ name, dtype, shape }) => [
      names.get(name) as string,
      port.tensor({ dtype, shape, ...(names.get(name) === name ? {} : { doc: `“${name}” in the file.` }) }),
    ]),
  );

export const onnx = defineNode({
  type: "model.onnx",
  title: "ONNX model",
  description: "A model from an .onnx file, which runs, trains and exports like one built here.",
  docs: `Its ports are the inputs and outputs of the file, opset 13 to 21. Half-precision floats are computed with in float32, integers in int64. A model exported with a fixed batch takes only that batch: export it with dynamic axes.

Float tensors with more than one element are its parameters, under their names in the file; they start from the file's numbers, and a weights wire freezes, trains or adapts them.
Single numbers, integers, masks (with infinities or numbers beyond 10³⁰) and the tensors of Constant nodes are constants. The running statistics of BatchNormalization are kept and not trained. Dropout is left out.

Refused, with the op and the node's name: control flow (If, Loop, Scan), quantized and custom ops, weights in other files, and shapes that depend on data.`,
  version: 1,
  expensive: true,
  inputs: { weights: port.weights({ optional: true, doc: "Without one, the weights are the file's." }) },
  outputs: {},
  params: {
    scope: z
      .string()
      .max(64)
      .regex(/^[\w.-]*$/, "letters, digits, dots, - and _")
      .default("onnx")
      .meta({ description: "Prefix of its parameters in a checkpoint." }),
    source: z.enum(["shipped", "upload"]).default("shipped").meta({ label: "From" }),
    shipped: z
      .string()
      .regex(/^[\w-]+$/, "a name of letters, digits, - and _")
      .default("fashion-vit")
      .meta({ label: "Model" }),
    file: upload.optional().meta({ label: ".onnx", widget: "upload" }),
  },
  ports(params) {
    const known = signatureFor(params);
    if (!known) return {};
    const names = namesOf(known);
    return { inputs: ports(known.inputs, names.inputs), outputs: ports(known.outputs, names.outputs) };
  },
  inspect: { file: async (source) => ({ signature: await signatureOf(source) }) },
  check(params) {
    if (signatureFor(params)) return undefined;
    if (params.source === "upload")
      return { param: "file", message: "No model is chosen.", hint: "Upload an .onnx file, or take a shipped model." };
    return {
      param: "shipped",
      message: `No model called “${params.shipped}” is shipped.`,
      hint: `Shipped are ${Object.keys(shippedModels).join(", ")}.`,
    };
  },
  // A shipped file may change with the product: its bytes, not its name, are what results depend on.
  fingerprint: async ({ host, params }) =>
    params.source === "shipped" ? host.put(await host.packageFile("patchbay", `${params.shipped}.onnx`)) : "",
  async prepare({ host, params }) {
    const bytes =
      params.source === "shipped"
        ? await host.packageFile("patchbay", `${params.shipped}.onnx`)
        : await host.get(params.file?.ref ?? "");
    const model = await readModel(bytes, isImportable);
    const { opset, inputs, outputs } = model;
    if (JSON.stringify({ opset, inputs, outputs }) !== JSON.stringify(signatureFor(params)))
      throw Object.assign(
        new Error(`The ports of this node are not those of ${params.file?.name ?? params.shipped}.`),
        { hint: "Upload the file again: its ports are read anew." },
      );
    return model;
  },
  build(b) {
    if (!b.prepared) throw new Error("the model's file is not loaded");
    const names = namesOf(b.prepared);
    const given = b.inputs as Record<string, Value | undefined>;
    const at = (name: string, value: Value | undefined) => (value ? [[name, value] as const] : []);
    const outputs = emitModel(
      b.prepared,
      b,
      Object.fromEntries([...names.inputs].flatMap(([name, port]) => at(name, given[port]))),
    );
    return Object.fromEntries([...names.outputs].map(([name, port]) => [port, outputs[name] as Value]));
  },
});
