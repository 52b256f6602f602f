import * as z from "zod";
import type { Shape, Value } from "#models/onnx/graph";
import { freed } from "#models/onnx/import/batch";
import { emitModel } from "#models/onnx/import/emit";
import { inWindows, type Source } from "#models/onnx/import/fields";
import { tensorsWithNaN } from "#models/onnx/import/not-a-number";
import { readModel } from "#models/onnx/import/read";
import {
  fixedBatchOf,
  freedShapeOf,
  type InputPort,
  type OutputPort,
  portNames,
  type Signature,
} from "#models/onnx/import/signature";
import { listShapeOf } from "#models/onnx/import/texts";
import { isImportable } from "#models/onnx/import/translate";
import { shippedModels } from "#models/shipped.gen";
import type { Host, OnnxValue } from "../core/host";
import { defineNode, type Instead } from "../core/node";
import { type Port, type Ports, port } from "../core/ports";
import { scopeParam } from "../core/scope";
import { storedFolder } from "../core/stored-file";

const outputPort = z.object({
  name: z.string().max(1024),
  dtype: z.enum(["float32", "int64", "bool", "uint8", "string"]).optional(),
  element: z.string().max(16).optional(),
  shape: z
    .array(z.union([z.int().min(1), z.string().max(64)]))
    .max(16)
    .optional(),
});
const inputPort = outputPort.required({ dtype: true }).extend({ unread: z.boolean().optional() });
const signature = z.object({
  opset: z.int(),
  inputs: z.array(inputPort).max(512),
  outputs: z.array(outputPort).min(1).max(512),
  asIs: z.string().max(1000).optional(),
  rowwise: z.boolean().optional(),
  batch: z.int().min(1).optional(),
});
/** The files beside it are those that its weights lie in. */
const upload = storedFolder("model.onnx").extend({ signature });

interface Choice {
  source: "shipped" | "upload";
  shipped: string;
  file?: z.output<typeof upload>;
  runs: "ops" | "file";
  rows: number;
}

/** When parameters mean something, by others. */
const shippedOnly = { source: ["shipped"] };
const uploadedOnly = { source: ["upload"] };

export const onnx = defineNode({
  type: "model.onnx",
  title: "ONNX model",
  description: "A model from an .onnx file, which runs, trains and exports like one built here.",
  synonyms: ["import", "onnxruntime", "InferenceSession", "pretrained"],
  docs: `Its ports are the inputs and outputs of the file. Half-precision floats are computed with in float32,
integers in int64.

**As ops** where every op of the file can be translated: it fuses with its neighbours, trains and exports. Float
tensors with more than one element are its parameters, under their names in the file; they start from the file's
numbers, and a weights wire freezes, trains or adapts them. Single numbers, integers, masks (with infinities or
numbers beyond 10³⁰) and the tensors of Constant nodes are constants. The running statistics of BatchNormalization are
kept and not trained. Dropout is left out.

**As the file is** where not: control flow (If, Loop, Scan), recurrent layers, quantized and custom ops that ONNX
Runtime knows, functions and sequences inside, texts, shapes that depend on data. The node says why; it has no
weights, does not train, and gradients do not pass it. A trainer may read what it gives. The file's element types are
cast where a wire carries others. A batch is given to it whole, or in parts where all of it is large, which is told.

**Exported for one batch**, a model takes any where its rows do not meet. Where they do, and where it runs as the file
is, it gets as many rows at a time as it was exported for, the last ones filled up with repeated rows whose results
are cut off again; a trainer then needs that batch.

**Tensors of texts** are lists on a wire, row by row. What comes in takes the shape that the file declares, of which
one axis may be open: for [N, 3] three texts a row. What comes out is written one row after the other.

A model whose weights lie in other files is uploaded together with these: several files, their folder, or a .zip.`,
  version: 1,
  expensive: true,
  inputs: { weights: port.weights({ optional: true, doc: "Without one, the weights are the file's." }) },
  outputs: {},
  params: {
    scope: scopeParam("onnx"),
    source: z.enum(["shipped", "upload"]).default("shipped").meta({ label: "From" }),
    shipped: z
      .string()
      .regex(/^[\w-]+$/, "a name of letters, digits, - and _")
      .default("fashion-vit")
      .meta({ label: "Model", when: shippedOnly }),
    file: upload.optional().meta({ label: ".onnx", widget: "upload", when: uploadedOnly }),
    runs: z.enum(["ops", "file"]).default("ops").meta({
      label: "Runs as",
      description: "Ops train and fuse where they can be translated; the file runs as ONNX Runtime has it, frozen.",
      advanced: true,
    }),
    rows: z.int().min(0).max(65_536).default(0).meta({
      label: "Rows at a time",
      description: "For a file that runs as it is. 0: all, as far as they fit into memory.",
      advanced: true,
    }),
  },
  ports(params) {
    const known = signatureFor(params);
    if (!known) return {};
    const names = namesOf(known);
    const batch = fixedBatchOf(known);
    return {
      inputs: filePorts(known.inputs, names.inputs, batch),
      outputs: filePorts(known.outputs, names.outputs, batch),
      batch: known.batch,
    };
  },
  instead(params) {
    const known = signatureFor(params);
    if (known?.asIs !== undefined) return asFile(params, `Runs as the file is, and does not train: ${known.asIs}.`);
    return params.runs === "file" ? asFile(params, "Runs as the file is, as chosen, and does not train.") : undefined;
  },
  // The reader is large: it is loaded for those who choose such a file.
  inspect: {
    file: {
      ending: ".onnx",
      read: async (source, beside) => (await import("#models/onnx/import/inspect")).inspectModel(source, beside),
    },
  },
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
  fingerprint: ({ host, params }) => fingerprintOf(host, params),
  async prepare({ host, params }) {
    const ref = await refOf(host, params);
    const source = inWindows(await storedSource(host, ref));
    const fileName = (location?: string) => (location === undefined ? ref : refsBesideOf(params).get(location));
    const model = freed(await readModel(source, isImportable, { beside: besideOf(host, params), fileName }));
    const broken = tensorsWithNaN(model);
    if (broken.length)
      host.warn(
        `${params.file?.name ?? params.shipped} holds NaN in ${listed(broken)}, so what it gives may be NaN: ` +
          "take another checkpoint of it.",
      );
    if (wiring(model) !== wiring(signatureFor(params)))
      throw Object.assign(
        new Error(`The ports of this node are not those of ${params.file?.name ?? params.shipped}.`),
        { hint: "Upload the file again: its ports are read anew." },
      );
    return model;
  },
  build(b) {
    if (!b.prepared) throw new Error("the model's file is not loaded");
    const names = namesOf(b.prepared);
    const wired = b.inputs as Record<string, Value | undefined>;
    const given = [...names.inputs].flatMap(([name, port]) => (wired[port] ? [[name, wired[port]] as const] : []));
    const outputs = emitModel(b.prepared, b, Object.fromEntries(given));
    return Object.fromEntries([...names.outputs].map(([name, port]) => [port, outputs[name] as Value]));
  },
});

/** The first few names of a list. */
function listed(names: readonly string[]): string {
  const shown = names.slice(0, 3).map((name) => `“${name}”`);
  return names.length > 3 ? `${shown.join(", ")} and ${names.length - 3} more` : shown.join(", ");
}

const signatureFor = ({ source, shipped, file }: Choice): Signature | undefined => {
  if (source === "upload") return file?.signature;
  return Object.hasOwn(shippedModels, shipped) ? shippedModels[shipped] : undefined;
};

/** The ports of the node by their names in the file. */
const namesOf = ({ inputs, outputs }: Signature) => ({
  inputs: portNames(inputs, ["weights"]),
  outputs: portNames(outputs),
});

function filePorts(
  list: readonly (InputPort | OutputPort)[],
  names: ReadonlyMap<string, string>,
  batch: number | undefined,
): Ports {
  return Object.fromEntries(
    list.map((declared): [string, Port] => {
      const shown = names.get(declared.name) as string;
      const shape = freedShapeOf(declared, batch);
      const doc = docOf(declared, shown, batch);
      const said = { ...(isUnread(declared) ? { optional: true } : {}), ...(doc ? { doc } : {}) };
      if (declared.dtype === "string") return [shown, port.text({ shape: listShapeOf(shape), ...said })];
      return [shown, port.tensor({ dtype: declared.dtype, shape, ...said })];
    }),
  );
}

const isUnread = (declared: InputPort | OutputPort): boolean => "unread" in declared && declared.unread === true;

function docOf(declared: InputPort | OutputPort, shown: string, batch: number | undefined): string {
  const { name, dtype, element } = declared;
  return [
    ...(shown === name ? [] : [`“${name}” in the file.`]),
    ...(dtype === "string" ? textsDoc(freedShapeOf(declared, batch)) : []),
    ...(element ? [`${element} in the file; ${dtype} on the wire.`] : []),
    ...(batch === undefined ? [] : [`Exported for a batch of ${batch}; takes any.`]),
    ...(isUnread(declared) ? ["No op of the file reads it."] : []),
  ].join(" ");
}

/** How the texts of a wire lie in the file, where that is no list. */
function textsDoc(shape: Shape | undefined): string[] {
  if (!shape) return ["Texts in a shape that the file does not say: a list is read, and any is written row by row."];
  return shape.length === 1 ? [] : [`Texts of [${shape.join(", ")}] in the file, row by row.`];
}

/** What wires depend on. A file that was uploaded when less was noted of it is still the same. */
const wiring = (known: Signature | undefined): string =>
  JSON.stringify([
    known?.opset,
    known?.inputs.map(({ name, dtype, shape }) => [name, dtype, shape]),
    known?.outputs.map(({ name }) => name),
  ]);

const refOf = async (host: Host, { source, shipped, file }: Choice): Promise<string> =>
  source === "shipped" ? host.put(await host.packageFile("patchbay", `${shipped}.onnx`)) : (file?.ref ?? "");

/** What is stored beside the model, by the paths of its files. */
const refsBesideOf = ({ file }: Choice): ReadonlyMap<string, string> =>
  new Map(file?.files?.map((stored) => [stored.path, stored.ref]));

/** The files that were stored beside the model. */
function besideOf(host: Host, choice: Choice): (path: string) => Promise<Source | undefined> {
  const refs = refsBesideOf(choice);
  const open = new Map<string, Promise<Source>>();
  return async (path) => {
    const stored = refs.get(path);
    if (stored === undefined) return undefined;
    const opened = open.get(path) ?? storedSource(host, stored);
    open.set(path, opened);
    return opened;
  };
}

/** A stored file, of which only what is asked for is read. */
const storedSource = async (host: Host, ref: string): Promise<Source> => ({
  size: await host.size(ref),
  read: (start, end) => host.read(ref, start, end),
});

const fingerprintOf = async (host: Host, choice: Choice): Promise<string> =>
  choice.source === "shipped" ? refOf(host, choice) : "";

/** Whether some rows of what is wired are as good as all: not where texts are no list of rows. */
function readsRows(choice: Choice): boolean {
  const known = signatureFor(choice) as Signature;
  const batch = fixedBatchOf(known);
  return known.inputs.every((port) => port.dtype !== "string" || listShapeOf(freedShapeOf(port, batch)));
}

/** Which of its rows may meet: any, those of a batch, or none. */
function meetingRows(choice: Choice): Pick<Instead, "batch" | "allRows"> {
  const known = signatureFor(choice) as Signature;
  const batch = fixedBatchOf(known) ?? (choice.rows || undefined);
  if (batch !== undefined) return { batch };
  if (known.rowwise) return {};
  return {
    allRows:
      "Whether the rows of this model depend on each other is not known. " +
      "Where they do not, set “Rows at a time”, and it is given no more than those.",
  };
}

const asFile = (choice: Choice, notice: string): Instead => ({
  notice,
  rowwise: readsRows(choice),
  ...meetingRows(choice),
  fingerprint: ({ host }) => fingerprintOf(host, choice),
  async fileBytes({ host }) {
    const refs = [await refOf(host, choice), ...refsBesideOf(choice).values()];
    const sizes = await Promise.all(refs.map((ref) => host.size(ref)));
    return sizes.reduce((sum, size) => sum + size, 0);
  },
  async run({ host, inputs }) {
    const known = signatureFor(choice) as Signature;
    const names = namesOf(known);
    const wired = inputs as Record<string, OnnxValue | undefined>;
    const outputs = await host.runOnnx({
      name: choice.source === "shipped" ? `${choice.shipped}.onnx` : (choice.file?.name ?? ""),
      ref: await refOf(host, choice),
      files: choice.file?.files ?? [],
      signature: known,
      inputs: Object.fromEntries([...names.inputs].map(([name, port]) => [name, wired[port]])),
      rows: choice.rows,
    });
    return Object.fromEntries([...names.outputs].map(([name, port]) => [port, outputs[name] as OnnxValue]));
  },
});
